// The type of a migration file imported as text, which is how the compiled binary carries it.
declare module "*.sql" {
  const text: string;
  export default text;
}

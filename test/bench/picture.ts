export function picture(_: unknown): string {
  return "";
}

// The types of what the player's page is made of: scripts and styles imported as text, never run here.
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*/recording.js" {
  const text: string;
  export default text;
}
declare module "*/screen.js" {
  const text: string;
  export default text;
}
declare module "*/player.js" {
  const text: string;
  export default text;
}

// Whom a harness is asked to be: a member of the home's `familiars.toml`, said in front of the prompt.

/** What is said of one. */
export interface Familiar {
  readonly id: string;
  readonly display_name: string;
  readonly role: string;
  readonly description: string;
  readonly pronouns?: string;
}

/** The prompt with the familiar in front of it: every harness reads that, and no other place is common to all. */
export function promptAs(familiar: Familiar | undefined, prompt: string): string {
  if (!familiar) return prompt;
  const { id, display_name, role, description, pronouns } = familiar;
  const lines = [
    `You are ${display_name}${display_name === id ? "" : ` (id ${id})`}; answer as that familiar.`,
    ...(role === "" ? [] : [`Role: ${role}`]),
    ...(pronouns === undefined ? [] : [`Pronouns: ${pronouns}`]),
    ...(description === "" ? [] : [`About you: ${description}`]),
  ];
  return `${lines.join("\n")}\n\n${prompt}`.trim();
}

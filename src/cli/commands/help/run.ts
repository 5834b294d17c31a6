// `coven help`: prints the overview, the help of one command, or the man page.
import { has, type Run } from "../../framework/command.ts";
import { helpText } from "../../framework/help.ts";
import { sayName, write } from "../../ui/out.ts";

export const run: Run = async (invocation, { commands }) => {
  if (has(invocation, "man")) {
    const { manPage } = await import("../../framework/man.ts");
    await write(manPage(commands));
  } else {
    await write(helpText(invocation.words, commands, has(invocation, "all")));
    sayName();
  }
  return 0;
};

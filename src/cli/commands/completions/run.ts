// `coven completions SHELL`: prints a script for the shell. The script asks coven for candidates at each Tab.
import { type Run, word } from "../../framework/command.ts";
import { UsageError } from "../../ui/failure.ts";
import { nearest } from "../../ui/nearest.ts";
import { write } from "../../ui/out.ts";
import { quoted } from "../../ui/text.ts";

/** The shells we know, as the argument is completed. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
type Shell = (typeof SHELLS)[number];

export const run: Run = async (invocation) => {
  const typed = word(invocation, 0);
  const shell = SHELLS.find((one) => one === typed);
  if (shell === undefined) {
    const guess = typed === "pwsh" ? "powershell" : nearest(typed, SHELLS);
    throw new UsageError(`There are no completions for ${quoted(typed)}: it is ${SHELLS.join(", ")}.`, [
      `coven completions ${guess ?? "bash"}`,
      "coven help completions",
    ]);
  }
  await write(SCRIPTS[shell]);
  return 0;
};

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# coven completions for bash:  source <(coven completions bash)
_coven() {
  local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :directories ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$2")
      return
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("$1" __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _coven coven
`,
  zsh: `#compdef coven
# coven completions for zsh:  source <(coven completions zsh), or as _coven in a directory of $fpath
_coven() {
  local line value
  local -a found
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ $line == :directories ]]; then
      _path_files -/
      return
    fi
    value=\${line%%$'\\t'*}
    found+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( \${#found} )) && _describe -V coven found
}
if [[ $funcstack[1] == _coven ]]; then _coven "$@"; else compdef _coven coven; fi
`,
  fish: `# coven completions for fish:  coven completions fish | source
function __coven_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] __complete -- $words[2..-1] 2>/dev/null)
  if test "$found[1]" = :directories
    __fish_complete_directories (commandline -ct)
  else if set -q found[1]
    printf '%s\\n' $found
  end
end
complete -c coven -f -a '(__coven_complete)'
`,
  powershell: `# coven completions for PowerShell:  coven completions powershell | Out-String | iex
Register-ArgumentCompleter -Native -CommandName coven -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -le $cursorPosition } | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '""' }
  foreach ($line in (& coven __complete '--' @words 2>$null)) {
    if ($line -eq ':directories') { return }
    $value, $about = $line -split "\`t", 2
    if (-not $about) { $about = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
  }
}
`,
};

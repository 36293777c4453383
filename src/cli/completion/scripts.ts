export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell reads to complete `innate`. Each asks `innate complete` with the words of the line, and offers files where
 * there is no answer.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `_innate() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _innate innate`,
  zsh: `#compdef innate
_innate() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then
    compadd -a found
  else
    _files
  fi
}
compdef _innate innate`,
  fish: `function __innate_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] complete -- $words[2..-1] "$current" 2>/dev/null
end
complete -c innate -a '(__innate_complete)'`,
};

/// A shell that knows how to complete.
enum CompletionShell: String, CaseIterable {
    case bash
    case zsh
    case fish

    /// Where the script goes for good.
    var installation: String {
        switch self {
        case .bash:
            """
            Now:       source <(polder completion bash)
            For good:  polder completion bash >~/.local/share/bash-completion/completions/polder
                       (with the package bash-completion; otherwise put the line above into ~/.bashrc)
            """
        case .zsh:
            """
            Now:       source <(polder completion zsh)
            For good:  polder completion zsh >"${fpath[1]}/_polder"
                       (needs `autoload -U compinit; compinit` in ~/.zshrc)
            """
        case .fish:
            """
            Now:       polder completion fish | source
            For good:  polder completion fish >~/.config/fish/completions/polder.fish
            """
        }
    }

    /// The script. All of them only ask `polder __complete` and show what it answers.
    var script: String {
        switch self {
        case .bash: CompletionShell.bashScript
        case .zsh: CompletionShell.zshScript
        case .fish: CompletionShell.fishScript
        }
    }

    private static let bashScript = #"""
        # bash completion for polder: source <(polder completion bash)
        _polder() {
            local line=${COMP_LINE:0:COMP_POINT} current answer directive start breaks
            local -a words=()
            # No -r: a backslash before a space keeps the word together, as on the command line.
            IFS=$' \t\n' read -a words <<<"$line"
            case $line in *[!\\][[:space:]]) words+=("") ;; esac
            current=${words[${#words[@]}-1]}
            COMPREPLY=()
            {
                IFS= read -r directive
                while IFS= read -r answer; do
                    COMPREPLY+=("$(printf %q "${answer%%$'\t'*}")")
                done
            } < <("${words[0]/#\~/$HOME}" __complete -- "${words[@]:1}" 2>/dev/null)
            case $directive in
                files) compopt -o default; return ;;
                folders) compopt -o dirnames; return ;;
            esac
            # bash replaces only what stands behind the last of these characters.
            for breaks in = :; do
                if [[ $COMP_WORDBREAKS == *"$breaks"* && $current == *"$breaks"* ]]; then
                    start=${current%"${current##*"$breaks"}"}
                    COMPREPLY=("${COMPREPLY[@]#"$start"}")
                    current=${current#"$start"}
                fi
            done
        }
        complete -F _polder polder
        """#

    private static let zshScript = #"""
        #compdef polder
        # zsh completion for polder: source <(polder completion zsh)
        _polder() {
            local -a answers described
            local answer
            answers=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
            case $answers[1] in
                files) _files; return ;;
                folders) _files -/; return ;;
            esac
            for answer in "${(@)answers[2,-1]}"; do
                if [[ $answer == *$'\t'* ]]; then
                    described+=("${${answer%%$'\t'*}//:/\\:}:${answer#*$'\t'}")
                else
                    described+=("${answer//:/\\:}")
                fi
            done
            _describe -t polder polder described
        }
        if [[ $funcstack[1] == _polder ]]; then _polder "$@"; else compdef _polder polder; fi
        """#

    private static let fishScript = #"""
        # fish completion for polder: polder completion fish | source
        function __polder_complete
            set -l words (commandline --tokenize --current-process --cut-at-cursor)
            set -l current (commandline --current-token --cut-at-cursor)
            set -l answers ($words[1] __complete -- $words[2..] "$current" 2>/dev/null)
            switch "$answers[1]"
                case files
                    __fish_complete_path "$current"
                case folders
                    __fish_complete_directories "$current" ''
                case '*'
                    printf '%s\n' $answers[2..]
            end
        end
        complete --command polder --no-files --keep-order --arguments '(__polder_complete)'
        """#
}

/// `polder completion bash`, `zsh`, `fish`: a script for that shell.
enum CompletionCommands {
    static let all = CompletionShell.allCases.map { shell in
        CommandShape(
            name: "completion \(shell.rawValue)", group: .completion,
            summary: "Prints the completion script for \(shell.rawValue).", details: shell.installation
        ) { _ in
            { context throws(PolderError) in context.console.print(shell.script) }
        }
    }
}

import Config
package import Observe

/// What the command line and the environment ask for, decided before any port opens.
package enum Launch<SpecificConfig: ServiceConfig> {
    /// Print this to standard output and leave with 0.
    case print(String)
    /// Print this to standard error and leave with the code.
    case refuse(String, code: Int32)
    /// Start.
    case start(CommonConfig, SpecificConfig)

    /// Decides. Looks at the files and addresses that the settings name, so that everything that is wrong is told at once.
    ///
    /// - Parameters:
    ///   - arguments: Without the program's name.
    ///   - declareMetrics: As `Service.declareMetrics`.
    package init(
        name: String, arguments: [String], environment: [String: String],
        declareMetrics: (MetricRegistry, Logger) -> Void
    ) {
        let prefix = CommonConfig.prefix(of: name)
        switch arguments {
        case []: break
        case ["--version"]:
            self = .print("\(name) \(PolderVersion.text)\n")
            return
        case ["--print-config"]:
            self = .print(Setting.table(of: Self.settings(prefix)))
            return
        case ["--print-metrics"]:
            self = .print(StandardMetrics.table(with: declareMetrics))
            return
        case ["--help"], ["-h"]:
            self = .print(Self.help(name, Self.settings(prefix)))
            return
        default:
            self = .refuse(
                "\(name): unknown arguments; try \(name) --help\n", code: LifecycleState.ExitCode.usage)
            return
        }
        var env = EnvReader(environment)
        let specific = SpecificConfig(reading: &env)
        let common = CommonConfig(reading: &env, prefix: prefix, adminListen: SpecificConfig.adminListen)
        env.refuseUnread(prefix: prefix + "_")
        env.lookAtTheWorld()
        guard env.mistakes.isEmpty else {
            let lines = env.mistakes.map { "\(name): \($0.text)\n" }.joined()
            self = .refuse(lines, code: LifecycleState.ExitCode.misconfigured)
            return
        }
        self = .start(common, specific)
    }

    private static func settings(_ prefix: String) -> [Setting] {
        var env = EnvReader([:])
        _ = SpecificConfig(reading: &env)
        _ = CommonConfig(reading: &env, prefix: prefix, adminListen: SpecificConfig.adminListen)
        return env.settings
    }

    private static func help(_ name: String, _ settings: [Setting]) -> String {
        var text = """
            usage: \(name) [--help | --version | --print-config | --print-metrics]

            Takes its settings from the environment, runs until SIGTERM or SIGINT, and logs to standard error.
            --print-config prints the settings as a Markdown table, --print-metrics the metrics.

            Exit codes: 0 stopped as asked, 64 wrong arguments, 70 a part failed, 78 wrong settings,
            143 stopped at once by a second SIGTERM.

            Settings:

            """
        for setting in settings {
            let standard =
                switch setting.presence {
                case .standard(let text): text.isEmpty ? "empty by default" : "default \(text)"
                case .required(let example): "required, e.g. \(example)"
                case .optional(let example): "not set by default, e.g. \(example)"
                }
            text += "  \(setting.name)  (\(standard))\n      \(setting.about)\n"
        }
        return text
    }
}

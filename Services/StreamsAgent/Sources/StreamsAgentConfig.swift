package import Config
package import ServiceKit
internal import Time

/// The settings of the streams agent.
package struct StreamsAgentConfig: ServiceConfig {
    /// Where the plane is described.
    package let plane: PlaneSourceConfig
    /// The plane's state.
    package let stateFolder: String
    /// The socket of the runtime; nil is the state folder's own.
    package let runtimeSocket: String?
    /// A file with the settings that every decrypter gets.
    package let decrypterSettings: String
    /// How often both sides are compared when nothing is told.
    package let interval: Duration
    /// How long a topic stays after its stream was there last.
    package let deletionGrace: Duration
    /// How many topics may be unwanted at a time.
    package let deletionLimit: Int

    /// Reads every setting.
    package init(reading env: inout EnvReader) {
        plane = PlaneSourceConfig(reading: &env, prefix: "STREAMS_AGENT")
        stateFolder = env.require(
            "STREAMS_AGENT_STATE_FOLDER", example: "/var/lib/polder",
            "State folder of the plane: topics, last good configuration, what the agent may delete.")
        runtimeSocket = env.readIfPresent(
            "STREAMS_AGENT_RUNTIME_SOCKET", example: "/run/polder/runtime.sock",
            "Socket of the runtime that runs decrypters. Without it `run/runtime.sock` of the state folder.")
        decrypterSettings = env.require(
            "STREAMS_AGENT_DECRYPTER_SETTINGS", example: "/etc/polder/decrypter.env",
            "File with the settings that every decrypter gets, `NAME=value` a line; read in every round.")
        interval = env.read(
            "STREAMS_AGENT_INTERVAL", default: "15s", in: .milliseconds(100) ... .minutes(10),
            "How often the wanted and the actual state are compared, 20 % more or less; changes are noticed at once.")
        deletionGrace = env.read(
            "STREAMS_AGENT_DELETION_GRACE", default: "1h", in: .zero ... .days(3650),
            "How long a topic stays after its stream was deleted. Longer than the gateway's counting interval.")
        deletionLimit = env.read(
            "STREAMS_AGENT_DELETION_LIMIT", default: "100", in: 0...1_000_000,
            "While more topics than this are unwanted, none is deleted: it is taken for a mistake.")
    }
}

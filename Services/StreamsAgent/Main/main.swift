import ServiceKit
import StreamsAgent

ServiceMain.run("streams-agent", StreamsAgentConfig.self) { config, kit in
    try await StreamsAgent(config, kit)
}

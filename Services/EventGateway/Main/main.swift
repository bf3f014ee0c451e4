import EventGateway
import ServiceKit

ServiceMain.run("event-gateway", EventGatewayConfig.self) { config, kit in
    try await EventGateway(config, kit)
}

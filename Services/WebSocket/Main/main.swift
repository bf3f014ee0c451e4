import ServiceKit
import WebSocket

ServiceMain.run("web-socket", WebSocketConfig.self) { config, kit in
    try await WebSocketService(config, kit)
}

import ESRProxy
import ServiceKit

ServiceMain.run("esr-proxy", ESRProxyConfig.self) { config, kit in
    try await ESRProxy(config, kit)
}

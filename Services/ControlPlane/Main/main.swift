import ControlPlane
import ServiceKit

ServiceMain.run("control-plane", ControlPlaneConfig.self) { config, kit in
    try await ControlPlane(config, kit)
}

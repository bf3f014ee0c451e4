package import Config

/// The settings of a service that follows the plane's configuration: where that is described.
package enum PlaneSourceConfig: Sendable {
    /// In a folder.
    case folder(String)
    /// By a control plane.
    case controlPlane(ControlPlaneLinkConfig)

    /// Reads the settings: one of the two has to be there.
    ///
    /// - Parameter prefix: `EVENT_GATEWAY`.
    package init(reading env: inout EnvReader, prefix: String) {
        let folder: String? = env.readIfPresent(
            "\(prefix)_PLANE_FOLDER", example: "/etc/polder/plane",
            "Folder with the plane's streams, data contracts and policies; watched. For a plane without a control plane."
        )
        let link = ControlPlaneLinkConfig.read(&env, prefix)
        switch (folder, link) {
        case (_, let link?):
            self = .controlPlane(link)
            if folder != nil {
                env.refuse(
                    "\(prefix)_PLANE_FOLDER", because: "stands beside \(prefix)_CONTROL_PLANE_URL; one of them decides")
            }
        case (let folder, nil):
            self = .folder(folder ?? "")
            if folder == nil {
                env.refuse("\(prefix)_PLANE_FOLDER", because: "is not set, and neither is \(prefix)_CONTROL_PLANE_URL")
            }
        }
    }
}

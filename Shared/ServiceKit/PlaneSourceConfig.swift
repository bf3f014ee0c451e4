package import Config

/// The setting of a service that follows the plane's configuration: where that is described.
package struct PlaneSourceConfig: Sendable {
    /// The plane folder.
    package let folder: String

    /// Reads the setting.
    ///
    /// - Parameter prefix: `EVENT_GATEWAY`.
    package init(reading env: inout EnvReader, prefix: String) {
        folder = env.require(
            "\(prefix)_PLANE_FOLDER", example: "/etc/polder/plane",
            "Folder with the plane's streams, data contracts and policies; watched.")
    }
}

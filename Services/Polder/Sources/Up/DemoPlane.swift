internal import System

/// The demo plane, compiled in, so that `polder` works alone.
enum DemoPlane {
    static var text: [UInt8] { PackageResources.demo_yaml }

    /// Writes it where it is missing: whoever has changed it keeps the change.
    static func write(to folder: String) throws(PolderError) {
        do {
            try Directory.create(folder, mode: 0o700)
            if try File.status("\(folder)/demo.yaml") == nil {
                _ = try File.createExclusively("\(folder)/demo.yaml", text, mode: 0o600)
            }
        } catch {
            throw .failed(error.description)
        }
    }
}

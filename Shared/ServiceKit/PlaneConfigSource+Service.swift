package import PlaneConfig

extension PlaneConfigSource {
    /// The plane's configuration for a service that is being built.
    ///
    /// - Parameter component: Which copy is this service's own.
    /// - Throws: `ConfigurationRefused` with every mistake of the folder when there is no last good copy; otherwise
    ///   `PlaneConfigError`.
    package static func opened(folder: String, state: String, component: String) throws -> PlaneConfigSource {
        do throws(PlaneConfigError) {
            return try PlaneConfigSource(folder: folder, state: state, component: component)
        } catch {
            guard case .invalid(let problems) = error else { throw error }
            throw ConfigurationRefused(problems.map(\.description))
        }
    }
}

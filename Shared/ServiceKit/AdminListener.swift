import Config

enum AdminListener {
    static func start(_ kit: Kit, listen: HostPort, clientCA: String?) async throws -> UInt16 { 0 }
}

package import Config
package import ServiceKit
internal import Time

/// The settings of the usage reporter.
package struct ESRProxyConfig: ServiceConfig {
    /// The way to the control plane.
    package let controlPlane: ControlPlaneLinkConfig
    /// The plane's state.
    package let stateFolder: String
    /// Calls at a time.
    package let calls: Int
    /// The longest pause after calls that failed.
    package let longestPause: Duration

    /// Reads every setting.
    package init(reading env: inout EnvReader) {
        controlPlane = ControlPlaneLinkConfig(reading: &env, prefix: "ESR_PROXY")
        stateFolder = env.require(
            "ESR_PROXY_STATE_FOLDER", example: "/var/lib/polder", "State folder of the plane, with topic `billing`.")
        calls = env.read(
            "ESR_PROXY_CALLS", default: "16", in: 1...256, "Counts that are reported at the same time.")
        longestPause = env.read(
            "ESR_PROXY_LONGEST_PAUSE", default: "1m", in: .milliseconds(100) ... .hours(1),
            "The longest pause while the control plane takes no counts; the first is a second.")
    }
}

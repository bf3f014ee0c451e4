/// Which Polder this is.
package enum PolderVersion {
    /// Shown by `--version`, in metrics and in the `user-agent` of our clients.
    package static let text = "0.1.0"
}

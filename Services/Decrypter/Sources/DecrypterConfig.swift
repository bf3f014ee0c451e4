package import Config
package import ServiceKit

/// The settings of one decrypter.
package struct DecrypterConfig: ServiceConfig {
    /// The source stream's name or UUID.
    package let stream: String
    /// Where the plane is described.
    package let plane: PlaneSourceConfig
    /// The plane's state.
    package let stateFolder: String
    /// The key-encryption key; nil means the state folder's own.
    package let keyEncryptionKeyFile: String?
    /// Ciphers held ready, for each derived stream.
    package let keyCache: Int

    /// Reads every setting.
    package init(reading env: inout EnvReader) {
        stream = env.require("DECRYPTER_STREAM", example: "demo", "Name of the source stream, or its UUID.")
        plane = PlaneSourceConfig(reading: &env, prefix: "DECRYPTER")
        stateFolder = env.require(
            "DECRYPTER_STATE_FOLDER", example: "/var/lib/polder",
            "State folder of the plane: topics, keys, secrets, last good configuration.")
        keyEncryptionKeyFile = env.readIfPresent(
            "DECRYPTER_KEK_FILE", example: "/run/secrets/kek",
            "Key-encryption key, 32 bytes. Without it `secrets/kek` of the state folder, which the event gateway makes."
        )
        keyCache = env.read(
            "DECRYPTER_KEY_CACHE", default: "16384", in: 1024...1_000_000,
            "Keys held ready for opening fields, for each derived stream; about 1 kB each.")
    }
}

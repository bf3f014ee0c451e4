import Decrypter
import ServiceKit

ServiceMain.run("decrypter", DecrypterConfig.self) { config, kit in
    try await Decrypter(config, kit)
}

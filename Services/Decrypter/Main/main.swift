import Decrypter
import ServiceKit

await ServiceMain.run("decrypter", DecrypterConfig.self) { config, kit in
    try Decrypter(config, kit)
}

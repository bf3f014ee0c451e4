import Crypto
import TestKit
import Testing

@Suite struct PasswordHashTests {
    /// Cheap: what is tested here does not depend on the cost.
    private let cheap = Scrypt.Cost(logN: 4, blockSize: 1, parallelism: 1)

    // RFC 7914 §12; the fourth needs a gigabyte.
    @Test(arguments: [
        (
            "", "", Scrypt.Cost(logN: 4, blockSize: 1, parallelism: 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", Scrypt.Cost(logN: 10, blockSize: 8, parallelism: 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", Scrypt.Cost(logN: 14, blockSize: 8, parallelism: 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func `scrypt gives the keys of RFC 7914`(_ password: String, _ salt: String, _ cost: Scrypt.Cost, _ key: String)
        throws
    {
        let derived = try Scrypt.derive(
            from: secret(Array(password.utf8)), salt: Array(salt.utf8), cost: cost, count: 64)
        #expect(hex(derived) == key)
    }

    @Test func `a password is found again in the text of its hash, another one is not`() throws {
        let password = "correct horse battery staple ü"
        let text = try PasswordHash(of: secret(Array(password.utf8)), cost: cheap).text
        #expect(text.hasPrefix("$scrypt$ln=4,r=1,p=1$"))
        #expect(!text.contains("horse"))
        let hash = try #require(PasswordHash(text))
        #expect(hash.text == text)
        #expect(hash.cost == cheap)
        #expect(try hash.isMade(from: secret(Array(password.utf8))))
        for other in ["", "correct horse battery staple", password + " ", password.uppercased()] {
            #expect(try !hash.isMade(from: secret(Array(other.utf8))))
        }
        #expect("\(hash)" == "scrypt(ln=4,r=1,p=1)")
    }

    @Test func `one password has another hash every time`() throws {
        let texts = try (0..<3).map { _ in try PasswordHash(of: secret(Array("same".utf8)), cost: cheap).text }
        #expect(Set(texts).count == 3)
    }

    @Test func `nobody has no password`() throws {
        let nobody = try PasswordHash.ofNobody(cost: cheap)
        #expect(try !nobody.isMade(from: secret([])))
        #expect(PasswordHash(nobody.text) != nil)
    }

    @Test func `Python's hashlib makes the same hash at the standard cost`() async throws {
        let text = try PasswordHash(of: secret(Array("pässwörd".utf8))).text
        let script = """
            import base64, hashlib, sys
            _, kind, cost, salt, hash = sys.argv[1].split('$')
            ln, r, p = (int(part.split('=')[1]) for part in cost.split(','))
            decode = lambda text: base64.b64decode(text + '=' * (-len(text) % 4))
            made = hashlib.scrypt('pässwörd'.encode(), salt=decode(salt), n=2**ln, r=r, p=p, maxmem=1 << 27, dklen=32)
            assert kind == 'scrypt' and made == decode(hash)
            print(cost)
            """
        #expect(try await Strangers.runPython(script, [text]).output == "ln=15,r=8,p=3\n")
    }

    @Test(arguments: [
        "", "$", "secret", "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ",
        "$argon2id$ln=4,r=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=21,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=20,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=4,r=0,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=-4,r=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$r=1,ln=4,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=4,r=1,p=1,q=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ=$aGFzaGhhc2hoYXNoaGFzaA", "$scrypt$ln=4,r=1,p=1$c2Fs$aGFzaGhhc2hoYXNoaGFzaA",
        "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$", "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$aGFz!Ghhc2hoYXNoaGFzaA",
    ])
    func `a text that is not a hash, or asks for too much, is none`(_ text: String) {
        #expect(PasswordHash(text) == nil)
    }
}

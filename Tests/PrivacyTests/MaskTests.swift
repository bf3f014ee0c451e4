import Privacy
import Testing

@Suite struct MaskTests {
    @Test(arguments: [
        // Published by the system whose masks ours must equal.
        ("hi-there", "unique-5", "1083e8169d7138e990cc30095578452"),
        ("hi-there", "session-273", "7cc66d130664caa9efacda1026c1c44"),
        ("hi-there", "sensitive-0", "e49bd309eed4a5094437a71ac2bc1cad"),
        ("hi-there", "not-sensitive-6", "538ad30b2aa2781e855c4eb059cf68a3"),
        ("", "strm_demo_user", "788d082a29fd07f61e1df95bbe98ef9f"),
        ("", "AX+sVreQHft41CYozNAalRpuzy00lJanLD4RI5d9Z/8+KfD79PvEig==", "4d0602d8bfe14089fb14cdef7d8380be"),
        ("", "AX+sVrceKUWi3pbDRblf9UjqX+zMIb1AAu8bpVRAJCemA7xeUs9FDA==", "89a133907a42f4926a7ac68f45872c95"),
        ("", "AT1NfVPf5IHajoUlCHWlyHKhGsW/i7QZihDfj/mpEJAA71y7BaRY3g==", "cf3276704ba63f44ea326a06d010884a"),
        // Computed with the reference implementation.
        ("hi-there", "", "6b0639357233a154742da8c27f36202b"),
        ("", "", "00"),
        ("hi-there", "é€", "5b1a4add55a6856b9de33f31820864fb"),
        ("seed", "a", "21d3229c3b6f1991118361304bb62bbc"),
    ])
    func `a mask is the published one`(_ seed: String, _ value: String, _ mask: String) {
        #expect(Mask(seed: seed).text(of: value) == mask)
    }

    @Test func `only the joined bytes count, wherever the seed ends`() {
        let text = "The quick brown fox jumps over the lazy dog, and then over the fence."
        let whole = Mask(seed: "").text(of: text)
        for cut in 0...text.utf8.count {
            let seed = String(decoding: Array(text.utf8)[..<cut], as: UTF8.self)
            let value = String(decoding: Array(text.utf8)[cut...], as: UTF8.self)
            #expect(Mask(seed: seed).text(of: value) == whole)
        }
    }

    @Test func `the hash without a seed is MurmurHash3 x64-128`() {
        // The well-known digest of this sentence with numeric seed 0.
        let mask = Mask(seed: "").text(of: "The quick brown fox jumps over the lazy dog")
        #expect(mask == "e34bbc7bbc071b6c7a433ca9c49a9347")
    }
}

import ControlPlane
import Crypto
import HTTP
import Testing

@Suite struct NewPasswordTests {
    private func refusal(_ new: String, _ again: String? = nil) -> NewPassword.Refusal? {
        var form = FormFields()
        form.add("new", new)
        form.add("again", again ?? new)
        do throws(NewPassword.Refusal) {
            _ = try NewPassword(form, for: "somebody@polder.local")
            return nil
        } catch {
            return error
        }
    }

    @Test func `length decides, not the kinds of characters`() {
        #expect(refusal("aaaaaaaaaaaa") == nil)
        #expect(refusal("ünïcödé wörd") == nil)
        #expect(refusal("aaaaaaaaaaa") == .tooShort)
        #expect(refusal("") == .tooShort)
        #expect(refusal(String(repeating: "a", count: 1025)) == .tooLong)
        #expect(refusal("aaaaaaaaaaaa", "aaaaaaaaaaab") == .different)
        #expect(refusal("Somebody@polder.local") == .isAddress)
    }

    @Test func `what is stored is a hash of it`() throws {
        var form = FormFields()
        form.add("new", "a good new password")
        form.add("again", "a good new password")
        let text = try NewPassword(form, for: "x@y.example").hash()
        let hash = try #require(PasswordHash(text))
        #expect(try hash.isMade(from: SecretBytes(copying: Array("a good new password".utf8))))
    }
}

@Suite struct EmailAddressTests {
    @Test(arguments: ["admin@polder.local", "a@b", "first.last+tag@sub.example.com", "o'neil@x-y.example"])
    func `addresses that the interface definitions accept`(_ text: String) { #expect(EmailAddress(text)?.text == text) }

    @Test(arguments: [
        "", "admin", "@b", "a@", "a@b@c", "a b@c", "a@b c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a@b..c", "ü@b",
        "a@bü", "A <a@b>", "\"a\"@b", "a@b\n", "a@\(String(repeating: "b", count: 64))",
        "\(String(repeating: "a", count: 65))@b",
    ])
    func `texts that are none`(_ text: String) { #expect(EmailAddress(text) == nil) }
}

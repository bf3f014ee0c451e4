/// A name that somebody sent, as error texts and logs show it: at most `limit` characters, `...` when there are more, and
/// everything outside printable ASCII as `\u{…}`. A name may hold control characters, and even personal data.
package func shownName(_ name: String, limit: Int = 40) -> String {
    var shown = ""
    for (place, scalar) in name.unicodeScalars.enumerated() {
        if place == limit { return shown + "..." }
        if (0x20...0x7E).contains(scalar.value) {
            shown.unicodeScalars.append(scalar)
        } else {
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        }
    }
    return shown
}

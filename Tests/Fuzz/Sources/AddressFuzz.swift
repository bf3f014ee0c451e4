internal import Bytes
internal import HTTP

/// URLs, queries, forms, credentials and the encodings under them.
enum AddressFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        let bytes = [UInt8](bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        if let url = URLParts(text) {
            try require(URLParts(url.description) == url, "a URL is read as it is written")
            try require(!url.host.isEmpty && 1...65535 ~= url.port, "a URL has a host and a port")
            try require(url.target.hasPrefix("/"), "a target begins with a slash")
        }
        let form = FormFields(parsing: bytes)
        try require(FormFields(parsing: Array(form.encoded.utf8)) == form, "a form is read as it is written")
        try require(
            PercentEncoding.decodeLeniently(PercentEncoding.encode(text).utf8).elementsEqual(text.utf8),
            "percent-encoding is undone")
        if let credentials = BasicCredentials(authorization: text) {
            try require(!credentials.user.contains(0x3A), "a user has no colon")
        }
        let half = text.prefix(text.count / 2).filter { $0 != ":" }
        let basic = BasicCredentials(authorization: BasicCredentials.authorization(user: half, password: text))
        try require(
            basic.map { $0.user.elementsEqual(half.utf8) && $0.password.elementsEqual(text.utf8) } == true,
            "credentials survive")
        try checkEncodings(bytes)
    }

    private static func checkEncodings(_ bytes: [UInt8]) throws(BrokenInvariant) {
        for form in [Base64.Form.standard, .url] {
            try require(Base64.decode(Base64.encode(bytes, form), form) == bytes, "Base64 is undone")
            if let decoded = Base64.decode(String(decoding: bytes, as: UTF8.self), form) {
                try require(Base64.encodeBytes(decoded, form) == bytes, "bytes have one Base64 text only")
            }
        }
        try require(Hex.decode(Hex.encode(bytes)) == bytes, "hexadecimal is undone")
        let expected = String(validating: bytes, as: UTF8.self) != nil
        let (isValid, first) = bytes.withUnsafeBytes { view in
            (UTF8Check.isValid(view), view.baseAddress.map { UTF8Check.firstInvalid($0, count: view.count) })
        }
        try require(isValid == expected, "UTF-8 is what Swift calls UTF-8")
        if let first, !isValid { try require(first < bytes.count, "the first wrong byte is in the text") }
    }
}

internal import COpenSSL

/// Owner of one EVP_PKEY.
struct KeyHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    static func generate(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> KeyHandle {
        let name =
            switch algorithm {
            case .rs256: "RSA"
            case .es256: "EC"
            }
        let context = try check(EVP_PKEY_CTX_new_from_name(nil, name, nil), "EVP_PKEY_CTX_new_from_name")
        defer { EVP_PKEY_CTX_free(context) }
        try check(EVP_PKEY_keygen_init(context), "EVP_PKEY_keygen_init")
        switch algorithm {
        case .rs256: try check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), "EVP_PKEY_CTX_set_rsa_keygen_bits")
        case .es256: try check(EVP_PKEY_CTX_set_group_name(context, "prime256v1"), "EVP_PKEY_CTX_set_group_name")
        }
        var made: OpaquePointer?
        try check(EVP_PKEY_generate(context, &made), "EVP_PKEY_generate")
        return KeyHandle(owning: try check(made, "EVP_PKEY_generate"))
    }

    /// - Throws: `.unusableKey` when the numbers make no key that we accept.
    static func publicKey(_ components: PublicKeyComponents) throws(CryptoError) -> KeyHandle {
        let builder = try check(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new")
        defer { OSSL_PARAM_BLD_free(builder) }
        // The builder keeps references to what is pushed until the parameters are made: they outlive it here.
        var numbers: [OpaquePointer] = []
        defer { for number in numbers { BN_free(number) } }
        let name: String
        switch components {
        case .rsa(let modulus, let exponent):
            name = "RSA"
            guard modulus.count <= 1024, isUsable(exponent: exponent) else { throw .unusableKey }
            for (label, bytes) in [(Label.modulus, modulus), (Label.exponent, exponent)] {
                let number = try check(BN_bin2bn(bytes, Int32(bytes.count), nil), "BN_bin2bn")
                numbers.append(number)
                try check(OSSL_PARAM_BLD_push_BN(builder, label.text, number), "OSSL_PARAM_BLD_push_BN")
            }
        case .p256(let x, let y):
            name = "EC"
            guard x.count == 32, y.count == 32 else { throw .unusableKey }
            try check(
                OSSL_PARAM_BLD_push_utf8_string(builder, Label.group.text, Label.p256.text, 0),
                "OSSL_PARAM_BLD_push_utf8_string")
        }
        let point: [UInt8] =
            switch components {
            case .rsa: []
            case .p256(let x, let y): [0x04] + x + y
            }
        // The octets are copied by OSSL_PARAM_BLD_to_param, so the borrow must last until then.
        let parameters = try withBytesOf(point) { point throws(CryptoError) in
            if point.count > 0 {
                try check(
                    OSSL_PARAM_BLD_push_octet_string(
                        builder, Label.publicKey.text, point.baseAddress, point.count),
                    "OSSL_PARAM_BLD_push_octet_string")
            }
            return try check(OSSL_PARAM_BLD_to_param(builder), "OSSL_PARAM_BLD_to_param")
        }
        defer { OSSL_PARAM_free(parameters) }
        let context = try check(EVP_PKEY_CTX_new_from_name(nil, name, nil), "EVP_PKEY_CTX_new_from_name")
        defer { EVP_PKEY_CTX_free(context) }
        try check(EVP_PKEY_fromdata_init(context), "EVP_PKEY_fromdata_init")
        var made: OpaquePointer?
        // EVP_PKEY_PUBLIC_KEY, whose macro Swift cannot import.
        let selection =
            OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS
            | OSSL_KEYMGMT_SELECT_OTHER_PARAMETERS
        guard answered(EVP_PKEY_fromdata(context, &made, selection, parameters)), let made else {
            throw .unusableKey
        }
        return KeyHandle(owning: made)
    }

    /// RFC 8017 §3.1: the exponent is odd and at least 3.
    private static func isUsable(exponent: [UInt8]) -> Bool {
        guard exponent.count <= 8 else { return false }
        let value = exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return value >= 3 && value & 1 == 1
    }

    /// What kind of key this is, and its public numbers.
    /// - Throws: `.unusableKey` for a kind or size that we do not use.
    borrowing func publicComponents() throws(CryptoError) -> (SignatureAlgorithm, PublicKeyComponents) {
        switch EVP_PKEY_get_base_id(pointer) {
        case EVP_PKEY_RSA:
            guard (2048...8192).contains(EVP_PKEY_get_bits(pointer)) else { throw .unusableKey }
            return (
                .rs256,
                .rsa(
                    modulus: try number(OSSL_PKEY_PARAM_RSA_N, width: nil),
                    exponent: try number(OSSL_PKEY_PARAM_RSA_E, width: nil))
            )
        case EVP_PKEY_EC:
            var group = [CChar](repeating: 0, count: 64)
            var count = 0
            guard answered(EVP_PKEY_get_group_name(pointer, &group, group.count, &count)),
                String(decoding: group.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
            else { throw .unusableKey }
            return (
                .es256,
                .p256(
                    x: try number(OSSL_PKEY_PARAM_EC_PUB_X, width: 32),
                    y: try number(OSSL_PKEY_PARAM_EC_PUB_Y, width: 32))
            )
        case _: throw .unusableKey
        }
    }

    /// A public number as big-endian bytes: `width` bytes, or as few as it needs.
    private borrowing func number(_ name: String, width: Int?) throws(CryptoError) -> [UInt8] {
        var value: OpaquePointer?
        guard answered(EVP_PKEY_get_bn_param(pointer, name, &value)), let value else { throw .unusableKey }
        defer { BN_free(value) }
        let count = width ?? Int((BN_num_bits(value) + 7) / 8)
        var bytes = [UInt8](repeating: 0, count: count)
        guard BN_bn2binpad(value, &bytes, Int32(count)) == Int32(count) else { throw openSSLFault("BN_bn2binpad") }
        return bytes
    }
}

/// OSSL_PARAM_BLD keeps pointers to names instead of copying them, so these live as long as the program.
private enum Label {
    static let modulus: StaticString = "n"
    static let exponent: StaticString = "e"
    static let group: StaticString = "group"
    static let p256: StaticString = "prime256v1"
    static let publicKey: StaticString = "pub"
}

extension StaticString {
    /// The zero-terminated text.
    fileprivate var text: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}

/// Lends what a memory BIO holds.
func withBIOContent<Result: ~Copyable>(_ bio: OpaquePointer, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    var start: UnsafeMutableRawPointer?
    // BIO_get_mem_data is a macro for this call.
    let count = withUnsafeMutablePointer(to: &start) { BIO_ctrl(bio, BIO_CTRL_INFO, 0, $0) }
    return body(UnsafeRawBufferPointer(start: start, count: count))
}

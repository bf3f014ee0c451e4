package import Faults
package import Privacy
package import SQLite
package import System
package import Wire

/// Why a key could not be had. No case carries a key, a key field or a subject.
package enum KeyVaultError: Fault, Equatable {
    /// The store failed: disk full, read-only, locked, I/O. Nothing of the call is stored.
    case store(SQLiteError)
    /// The store was made under another key-encryption key.
    case wrongKeyEncryptionKey(path: String)
    /// The store was made under another plane hash key.
    case wrongHashKey(path: String)
    /// A stored key does not unwrap, or belongs to another link: the row was changed.
    case damagedKey(KeyLink)
    /// A secret's file could not be read or made.
    case file(SystemError)
    /// A secret's file is there but unusable; `reason` says why, never what it holds.
    case unusableSecret(path: String, reason: String)
    /// The key material was refused.
    case privacy(PrivacyError)
    /// Too many requests wait for the disk.
    case overloaded
    /// The vault has been closed.
    case closed

    /// Whose fault it is.
    package var blame: Blame {
        switch self {
        case .store(let error): error.blame
        case .file(let error): error.blame
        case .privacy(let error): error.blame
        case .overloaded, .closed: .upstream
        case .wrongKeyEncryptionKey, .wrongHashKey, .damagedKey, .unusableSecret: .us
        }
    }

    /// True when an operator has to put the right secret in its place: no restart helps.
    package var isMisplacedSecret: Bool {
        switch self {
        case .wrongKeyEncryptionKey, .wrongHashKey, .unusableSecret: true
        case .store, .damagedKey, .file, .privacy, .overloaded, .closed: false
        }
    }

    /// Whether trying again may help.
    package var retry: Retry {
        switch self {
        case .store(let error): error.retry
        case .file(let error): error.retry
        case .overloaded, .closed: .afterBackoff
        case .wrongKeyEncryptionKey, .wrongHashKey, .damagedKey, .unusableSecret, .privacy: .never
        }
    }
}

extension KeyVaultError: CustomStringConvertible {
    /// One sentence for a log or a terminal.
    package var description: String {
        switch self {
        case .store(let error): "key vault: \(error)"
        case .wrongKeyEncryptionKey(let path):
            "\(path) was made under another key-encryption key; put the right one in place, a new one cannot read it"
        case .wrongHashKey(let path):
            "\(path) was made under another hash key; put the right one in place, a new one would not find any person"
        case .damagedKey(let link): "the stored key \(link) was changed and does not open"
        case .file(let error): "\(error)"
        case .unusableSecret(let path, let reason): "\(path): \(reason)"
        case .privacy(let error): "\(error)"
        case .overloaded: "key vault: too many requests wait for the disk"
        case .closed: "key vault: closed"
        }
    }
}

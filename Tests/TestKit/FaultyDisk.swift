private import CSQLite
private import Glibc
internal import Synchronization

/// A folder whose SQLite files lie on a disk that misbehaves when it is told to.
///
/// It stands between SQLite and the operating system, so it takes no mount and no certain user: the first `FaultyDisk` makes
/// a layer (a *VFS*) the default of this process, which passes everything on to the one before, unless a file lies in the
/// folder of a `FaultyDisk`. Make it before the first file in that folder is opened.
///
/// **Power cuts.** With `remembersUnsynced`, it keeps what each file held at its last sync, and every write since. `cutPower()`
/// fails everything from that moment on; `restorePower(_:)` puts every file back to its last synced content plus a random part of
/// the later writes, sector by sector, as a disk with a volatile cache would.
///
/// - Isolation: any thread.
package final class FaultyDisk: Sendable {
    /// What goes wrong. All of it may change at any time.
    package struct Faults: Sendable {
        /// Bytes by which files may still grow; nil is endless. The write that meets the end is stored in part.
        package var room: Int?
        /// The file system was mounted, or mounted again, for reading only.
        package var isReadOnly = false
        /// How long a sync takes, beyond what it takes.
        package var syncDelay: Duration = .zero
        /// Syncs do not return as long as this is so.
        package var holdsSyncs = false
        /// How many of the next syncs fail, after their delay.
        package var failingSyncs = 0
        /// Only syncs of files whose name ends so fail.
        package var failingSyncSuffix = ""
        /// How many of the next writes store only a part and fail.
        package var tornWrites = 0
        /// The bytes that come back changed from files whose name ends so.
        package var flipped: (suffix: String, bytes: Range<Int64>)?

        /// A disk that works.
        package init() {}
    }

    /// A file as a power cut would find it.
    fileprivate struct Remembered {
        /// Content at the last sync.
        var synced: [UInt8]
        var later: [Change] = []
        /// Whether its folder was synced since it was made.
        var isNamed: Bool
        /// Whether it was deleted and its folder not synced since.
        var isDeleted = false
    }

    fileprivate enum Change {
        case write(at: Int, [UInt8])
        case truncate(Int)
    }

    fileprivate struct State {
        var faults = Faults()
        var files: [String: Remembered] = [:]
        var isDead = false
        var syncs = 0
        var bytesWritten = 0
    }

    private let folder: String
    private let remembersUnsynced: Bool
    private let state = Mutex(State())

    /// Stands before all SQLite files below the folder, until it goes.
    ///
    /// - Parameter remembersUnsynced: Also keeps the files' contents in memory, and syncs nothing really: for power cuts.
    package init(under folder: String, remembersUnsynced: Bool = false) {
        self.folder = folder + "/"
        self.remembersUnsynced = remembersUnsynced
        Layer.install()
        Layer.disks.withLock { $0.append(Layer.Entry(disk: self)) }
    }

    deinit { Layer.disks.withLock { disks in disks.removeAll { $0.disk == nil } } }

    /// Changes what goes wrong from now on.
    package func set(_ change: @Sendable (inout Faults) -> Void) { state.withLock { change(&$0.faults) } }

    /// Syncs that were asked for so far, whatever became of them.
    package var syncs: Int { state.withLock { $0.syncs } }

    /// Bytes that were written so far.
    package var bytesWritten: Int { state.withLock { $0.bytesWritten } }

    // MARK: Power

    /// From now on nothing is written, read or synced any more.
    package func cutPower() { state.withLock { $0.isDead = true } }

    /// Puts the files back as the cut left them. No connection to any of them may be open.
    ///
    /// - Throws: `TestKitError.system` when a file cannot be rewritten.
    package func restorePower(_ chance: inout SeededGenerator) throws {
        let files = state.withLock { state in
            defer { state.files = [:] }
            return state.files
        }
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            let rest = file.remains(&chance)
            for name in [path, path + "-shm"] { unlink(name) }
            guard let rest else { continue }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw systemFailure("open", path) }
            defer { close(descriptor) }
            guard rest.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == rest.count else {
                throw systemFailure("write", path)
            }
        }
        state.withLock { $0.isDead = false }
    }

    // MARK: What the layer asks

    fileprivate func owns(_ path: UnsafePointer<CChar>) -> Bool {
        strncmp(path, folder, folder.utf8.count) == 0
    }

    fileprivate var isDead: Bool { state.withLock { $0.isDead } }
    fileprivate var isReadOnly: Bool { state.withLock { $0.faults.isReadOnly } }

    fileprivate func opened(_ path: String) {
        guard remembersUnsynced else { return }
        state.withLock { state in
            if let known = state.files[path], !known.isDeleted { return }
            let content = fileContent(path)
            // An empty file is a new one.
            state.files[path] = Remembered(synced: content, isNamed: !content.isEmpty)
        }
    }

    fileprivate func deleted(_ path: String) {
        guard remembersUnsynced else { return }
        // Its old content may come back: a folder is not synced by deleting in it.
        state.withLock { $0.files[path]?.isDeleted = true }
    }

    fileprivate func read(_ path: String, _ buffer: UnsafeMutableRawPointer, _ count: Int, _ offset: Int64) {
        guard let flipped = state.withLock({ $0.faults.flipped }), path.hasSuffix(flipped.suffix) else { return }
        for place in flipped.bytes.clamped(to: offset..<offset + Int64(count)) {
            let byte = buffer + Int(place - offset)
            byte.storeBytes(of: byte.load(as: UInt8.self) ^ 0x40, as: UInt8.self)
        }
    }

    /// How much of a write is stored, and what the caller is told.
    fileprivate func admitWrite(_ size: Int64, _ count: Int, _ offset: Int64) -> (stored: Int, code: Int32) {
        state.withLock { state in
            if state.isDead { return (0, SQLITE_IOERR | (3 << 8)) }
            if state.faults.isReadOnly { return (0, SQLITE_IOERR | (3 << 8)) }
            if state.faults.tornWrites > 0 {
                state.faults.tornWrites -= 1
                return (count / 3, SQLITE_IOERR | (3 << 8))
            }
            let growth = max(0, Int(offset) + count - Int(size))
            if let room = state.faults.room {
                if growth > room { return (max(0, count - growth + room), SQLITE_FULL) }
                state.faults.room = room - growth
            }
            state.bytesWritten += count
            return (count, SQLITE_OK)
        }
    }

    fileprivate func wrote(_ path: String, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) {
        guard remembersUnsynced, !bytes.isEmpty else { return }
        state.withLock { $0.files[path]?.later.append(.write(at: Int(offset), [UInt8](bytes))) }
    }

    fileprivate func truncated(_ path: String, _ size: Int64) {
        guard remembersUnsynced else { return }
        state.withLock { $0.files[path]?.later.append(.truncate(Int(size))) }
    }

    /// - Returns: SQLite's code, or nil when the sync is to be done really.
    fileprivate func sync(_ path: String) -> Int32? {
        let (delay, reach) = state.withLock { state in
            state.syncs += 1
            return (state.faults.syncDelay, state.files[path]?.later.count ?? 0)
        }
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
        while state.withLock({ $0.faults.holdsSyncs && !$0.isDead }) { usleep(1000) }
        return state.withLock { state in
            if state.isDead { return SQLITE_IOERR | (4 << 8) }
            if state.faults.failingSyncs > 0, path.hasSuffix(state.faults.failingSyncSuffix) {
                state.faults.failingSyncs -= 1
                return SQLITE_IOERR | (4 << 8)
            }
            guard remembersUnsynced else { return nil }
            state.files[path]?.sync(upTo: reach)
            // The first sync of a journal or WAL also syncs its folder (`os_unix.c`, `UNIXFILE_DIRSYNC`).
            if path.hasSuffix("-wal") || path.hasSuffix("-journal"), state.files[path]?.isNamed == false {
                state.syncFolder(of: path)
            }
            return SQLITE_OK
        }
    }
}

extension FaultyDisk.State {
    /// From now on new names stay, and deleted files are gone.
    fileprivate mutating func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        for name in files.keys where name.hasPrefix(folder) {
            if files[name]?.isDeleted == true { files[name] = nil } else { files[name]?.isNamed = true }
        }
    }
}

extension FaultyDisk.Remembered {
    fileprivate mutating func sync(upTo reach: Int) {
        for change in later.prefix(reach) { change.apply(to: &synced) { true } }
        later.removeFirst(min(reach, later.count))
    }

    /// What a power cut leaves of the file; nil when nothing.
    fileprivate func remains(_ chance: inout SeededGenerator) -> [UInt8]? {
        if isDeleted, Bool.random(using: &chance) { return nil }
        if !isNamed, Bool.random(using: &chance) { return nil }
        var content = synced
        // From "nothing more" to "all of it"; in order up to a point, or any of it.
        let share = Double(Int.random(in: 0...4, using: &chance)) / 4
        let inOrder = Bool.random(using: &chance)
        let reach = inOrder ? Int(Double(later.count) * share) : later.count
        for (number, change) in later.enumerated() where number <= reach {
            let isTorn = !inOrder || number == reach
            change.apply(to: &content) { !isTorn || Double.random(in: 0..<1, using: &chance) < share }
        }
        return content
    }
}

extension FaultyDisk.Change {
    private static let sector = 512

    /// - Parameter isStored: Asked for each sector.
    fileprivate func apply(to content: inout [UInt8], _ isStored: () -> Bool) {
        switch self {
        case .truncate(let size):
            guard isStored() else { return }
            if size < content.count {
                content.removeLast(content.count - size)
            } else {
                content += [UInt8](repeating: 0, count: size - content.count)
            }
        case .write(let offset, let bytes):
            var place = 0
            while place < bytes.count {
                let end = min(bytes.count, place + Self.sector - (offset + place) % Self.sector)
                if isStored() {
                    if content.count < offset + end {
                        content += [UInt8](repeating: 0, count: offset + end - content.count)
                    }
                    content.replaceSubrange(offset + place..<offset + end, with: bytes[place..<end])
                }
                place = end
            }
        }
    }
}

private func fileContent(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    // Closed at once, before SQLite has any lock on the file: no connection to it is open yet.
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        count = max(0, pread(descriptor, buffer.baseAddress, size, 0))
    }
}

// MARK: - The layer below SQLite

/// A VFS of SQLite (https://www.sqlite.org/vfs.html) in front of the default one.
private enum Layer {
    /// Who wants to know; weak, because the disks of tests come and go.
    struct Entry: Sendable { weak let disk: FaultyDisk? }

    static let disks = Mutex<[Entry]>([])

    static func install() { _ = installed }

    /// The VFS that does the work.
    nonisolated(unsafe) private static var real: UnsafeMutablePointer<sqlite3_vfs>! = nil  // set once, in `installed`

    private static let installed: Bool = {
        guard let before = sqlite3_vfs_find(nil) else { preconditionFailure("SQLite has a default VFS") }
        real = before
        let layer = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        layer.initialize(to: before.pointee)
        layer.pointee.pNext = nil
        layer.pointee.zName = UnsafePointer(strdup("polder-faulty"))
        layer.pointee.szOsFile += Int32(MemoryLayout<LayerFile>.stride)
        layer.pointee.xOpen = { _, name, file, flags, outFlags in Layer.open(name, file!, flags, outFlags) }
        layer.pointee.xDelete = { _, name, syncsFolder in
            guard let name, let disk = owner(name) else { return real.pointee.xDelete(real, name, syncsFolder) }
            if disk.isDead { return SQLITE_IOERR | (10 << 8) }
            if disk.isReadOnly { return SQLITE_IOERR | (10 << 8) }
            let code = real.pointee.xDelete(real, name, 0)
            if code == SQLITE_OK { disk.deleted(String(cString: name)) }
            return code
        }
        guard sqlite3_vfs_register(layer, 1) == SQLITE_OK else { preconditionFailure("a VFS can be registered") }
        return true
    }()

    private static func owner(_ name: UnsafePointer<CChar>) -> FaultyDisk? {
        disks.withLock { disks in
            for entry in disks { if let disk = entry.disk, disk.owns(name) { return disk } }
            return nil
        }
    }

    private static func open(
        _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32,
        _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let name, let disk = owner(name) else { return real.pointee.xOpen(real, name, file, flags, outFlags) }
        file.pointee.pMethods = nil
        if disk.isDead { return SQLITE_CANTOPEN }
        var flags = flags
        if disk.isReadOnly {
            flags = flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_READONLY
        }
        let path = String(cString: name)
        let below = LayerFile.below(file)
        let code = real.pointee.xOpen(real, name, below, flags, outFlags)
        guard code == SQLITE_OK else {
            if let methods = below.pointee.pMethods { _ = methods.pointee.xClose(below) }
            return code
        }
        disk.opened(path)
        LayerFile.header(file).pointee.owner = Unmanaged.passRetained(OpenFile(disk, path)).toOpaque()
        file.pointee.pMethods = UnsafePointer(methods)
        return SQLITE_OK
    }

    /// What SQLite calls. Version 2: without memory mapping, so that every read comes by.
    nonisolated(unsafe) private static let methods = {  // never changed after this
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: sqlite3_io_methods())
        methods.pointee.iVersion = 2
        methods.pointee.xClose = { file in
            let (file, below) = (file!, LayerFile.below(file!))
            if let owner = LayerFile.header(file).pointee.owner { Unmanaged<OpenFile>.fromOpaque(owner).release() }
            file.pointee.pMethods = nil
            return below.pointee.pMethods.pointee.xClose(below)
        }
        methods.pointee.xRead = { file, buffer, count, offset in
            let (open, below) = LayerFile.parts(file!)
            if open.disk.isDead { return SQLITE_IOERR | (1 << 8) }
            let code = below.pointee.pMethods.pointee.xRead(below, buffer, count, offset)
            open.disk.read(open.path, buffer!, Int(count), offset)
            return code
        }
        methods.pointee.xWrite = { file, bytes, count, offset in
            let (open, below) = LayerFile.parts(file!)
            var size: Int64 = 0
            _ = below.pointee.pMethods.pointee.xFileSize(below, &size)
            let (stored, told) = open.disk.admitWrite(size, Int(count), offset)
            if stored > 0 {
                let code = below.pointee.pMethods.pointee.xWrite(below, bytes, Int32(stored), offset)
                guard code == SQLITE_OK else { return code }
                open.disk.wrote(open.path, UnsafeRawBufferPointer(start: bytes, count: stored), offset)
            }
            return told
        }
        methods.pointee.xTruncate = { file, size in
            let (open, below) = LayerFile.parts(file!)
            if open.disk.isDead || open.disk.isReadOnly { return SQLITE_IOERR | (6 << 8) }
            let code = below.pointee.pMethods.pointee.xTruncate(below, size)
            if code == SQLITE_OK { open.disk.truncated(open.path, size) }
            return code
        }
        methods.pointee.xSync = { file, flags in
            let (open, below) = LayerFile.parts(file!)
            return open.disk.sync(open.path) ?? below.pointee.pMethods.pointee.xSync(below, flags)
        }
        methods.pointee.xFileSize = { file, size in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xFileSize(below, size)
        }
        methods.pointee.xLock = { file, level in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xLock(below, level)
        }
        methods.pointee.xUnlock = { file, level in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xUnlock(below, level)
        }
        methods.pointee.xCheckReservedLock = { file, result in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xCheckReservedLock(below, result)
        }
        methods.pointee.xFileControl = { file, operation, argument in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xFileControl(below, operation, argument)
        }
        methods.pointee.xSectorSize = { file in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xSectorSize(below)
        }
        methods.pointee.xDeviceCharacteristics = { file in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xDeviceCharacteristics(below)
        }
        methods.pointee.xShmMap = { file, region, size, extends, address in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xShmMap(below, region, size, extends, address)
        }
        methods.pointee.xShmLock = { file, offset, count, flags in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xShmLock(below, offset, count, flags)
        }
        methods.pointee.xShmBarrier = { file in
            let below = LayerFile.below(file!)
            below.pointee.pMethods.pointee.xShmBarrier(below)
        }
        methods.pointee.xShmUnmap = { file, deletes in
            let below = LayerFile.below(file!)
            return below.pointee.pMethods.pointee.xShmUnmap(below, deletes)
        }
        return methods
    }()
}

/// A file of ours that is open.
private final class OpenFile: Sendable {
    let disk: FaultyDisk
    let path: String

    init(_ disk: FaultyDisk, _ path: String) {
        self.disk = disk
        self.path = path
    }
}

/// What SQLite gives room for: its own header, our reference, and behind both the file of the VFS below.
private struct LayerFile {
    var base = sqlite3_file()
    var owner: UnsafeMutableRawPointer?

    static func below(_ file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<sqlite3_file> {
        (UnsafeMutableRawPointer(file) + MemoryLayout<LayerFile>.stride).assumingMemoryBound(to: sqlite3_file.self)
    }

    static func header(_ file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<LayerFile> {
        UnsafeMutableRawPointer(file).assumingMemoryBound(to: LayerFile.self)
    }

    static func parts(_ file: UnsafeMutablePointer<sqlite3_file>) -> (OpenFile, UnsafeMutablePointer<sqlite3_file>) {
        (Unmanaged<OpenFile>.fromOpaque(header(file).pointee.owner!).takeUnretainedValue(), below(file))
    }
}

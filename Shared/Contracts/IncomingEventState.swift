/// What an ``IncomingEvent`` knows of the event that it read last.
///
/// - Isolation: one owner, the workspace, which also frees its memory.
struct IncomingEventState {
    /// The last event's program. Unmanaged, as reference counts are what an event can do without: `IncomingEvent.program`
    /// keeps it alive.
    private(set) var current: Unmanaged<EventProgram>?
    /// The program to try first; the workspace's `programs` keep it alive.
    var last: Unmanaged<EventProgram>?
    private(set) var datum = UnsafeRawBufferPointer(start: nil, count: 0)
    var keyValue = UnsafeRawBufferPointer(start: nil, count: 0)
    var subjectValue: UnsafeRawBufferPointer?
    private(set) var personal = UnsafeMutablePointer<PersonalValue>.allocate(capacity: 16)
    private(set) var personalCount = 0
    private var personalCapacity = 16
    private(set) var consent = UnsafeMutablePointer<Int32>.allocate(capacity: 16)
    private(set) var consentCount = 0
    private var consentCapacity = 16

    /// Both hold only numbers and addresses: nothing to deinitialise.
    func deallocate() {
        personal.deallocate()
        consent.deallocate()
    }

    /// Forgets the event before.
    mutating func begin(_ program: EventProgram, _ datum: UnsafeRawBufferPointer) {
        current = .passUnretained(program)
        self.datum = datum
        keyValue = UnsafeRawBufferPointer(start: nil, count: 0)
        subjectValue = nil
        personalCount = 0
        consentCount = 0
    }

    mutating func note(_ value: PersonalValue) {
        if personalCount == personalCapacity {
            Self.grow(&personal, &personalCapacity)
        }
        (personal + personalCount).initialize(to: value)
        personalCount &+= 1
    }

    mutating func noteConsent(_ level: Int32) {
        if consentCount == consentCapacity { Self.grow(&consent, &consentCapacity) }
        (consent + consentCount).initialize(to: level)
        consentCount &+= 1
    }

    private static func grow<Element>(_ memory: inout UnsafeMutablePointer<Element>, _ capacity: inout Int) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: memory, count: capacity)
        memory.deallocate()
        memory = larger
        capacity *= 2
    }
}

import Crypto
import EventLog
import EventLoop
import KeyVault
package import Observe
import PlaneConfig
import Privacy
package import ServiceKit
import Synchronization
import System
import Time
import Wire

/// The decrypter of one source stream: keeps each of its derived streams up to date, each on a thread of its own.
package final class Decrypter: Service {
    private let config: DecrypterConfig
    private let clock: any WallClock
    private let telemetry: DecrypterTelemetry
    private let plane: FollowedPlane
    private let log: SQLiteEventLog
    private let schemas: SchemaStore
    private let loop: EventLoop
    private let fatal: AsyncStream<DecrypterError>
    private let reportFatal: AsyncStream<DecrypterError>.Continuation

    private struct Running {
        /// By the derived stream's id, so that a stream that is made anew under an old name is another one.
        var threads: [String: DerivedStreamThread] = [:]
        var leaving: [DerivedStreamThread] = []
        var isDraining = false
    }

    private let running = Mutex(Running())

    /// Registers every metric.
    package static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger) {
        _ = DecrypterTelemetry(logger: logger, metrics: metrics)
        PlaneTelemetry(logger, metrics, service: "decrypter").reportAge { nil }
    }

    /// Opens everything and starts the derived streams that the plane names now.
    /// - Throws: `ConfigurationRefused` when the plane folder holds mistakes and there is no last good copy.
    package init(_ config: DecrypterConfig, _ kit: Kit) async throws {
        self.config = config
        clock = kit.clock
        telemetry = DecrypterTelemetry(logger: kit.logger, metrics: kit.metrics)
        let key: SecretBytes
        do throws(KeyVaultError) {
            key = try Self.keyEncryptionKey(config)
        } catch {
            throw error.isMisplacedSecret ? ConfigurationRefused([error.description]) : error
        }
        let seal = try SeedSeal(keyEncryptionKey: key)
        plane = try await FollowedPlane(
            config.plane, state: config.stateFolder, component: "decrypter-\(config.stream)", seal: seal, kit)
        schemas = try SchemaStore(state: config.stateFolder)
        // Without a retention: the gateway, which owns the folder's, cleans the derived topics up too.
        log = try SQLiteEventLog(folder: config.stateFolder, clock: kit.clock)
        loop = try EventLoop(name: "commits")
        (fatal, reportFatal) = AsyncStream.makeStream(of: DecrypterError.self, bufferingPolicy: .bufferingOldest(1))
        kit.readiness.mention { [telemetry] in telemetry.standingStill.lines }
        apply(plane.current)
        try plane.watch { [self] in apply($0) }
    }

    /// Lives until it is cancelled; throws when only a restart of the process can help.
    package func run() async throws {
        for await error in fatal { throw error }
        // Cancelled: the stream of failures ends with the task.
    }

    /// Lets every derived stream finish its step, then closes the log.
    package func drain() async {
        let threads = running.withLock { running in
            running.isDraining = true
            defer { running.threads = [:] }
            return Array(running.threads.values) + running.leaving
        }
        for thread in threads { thread.stop() }
        await onOwnThread("drain") { [plane, log, loop] in
            for thread in threads { thread.join() }
            plane.stop()
            log.close()
            loop.stop()
        }
    }

    // MARK: Derived streams

    /// Compares the derived streams that the plane wants with those that run, and makes them equal.
    private func apply(_ snapshot: PlaneSnapshot) {
        var wanted: [String: DerivationRules] = [:]
        var source: PlaneStream?
        if let found = snapshot.stream(called: config.stream) {
            source = found
            for derived in snapshot.derivedStreams(of: found) {
                do throws(PrivacyError) {
                    wanted[derived.id] = try DerivationRules(derived, in: snapshot)
                } catch {
                    telemetry.rulesRefused(derived.name, error)
                }
            }
        } else {
            telemetry.sourceUnknown(config.stream)
        }
        running.withLock { running in
            guard !running.isDraining else { return }
            for (id, thread) in running.threads where wanted[id] == nil {
                thread.stop()
                running.leaving.append(thread)
                running.threads[id] = nil
            }
            // Stricter rules first: a new stream can wait, a new mask must not.
            for (id, rules) in wanted { running.threads[id]?.adopt(rules) }
            guard let source else { return }
            for (id, rules) in wanted where running.threads[id] == nil {
                do throws(SystemError) {
                    running.threads[id] = try start(rules, source.topic)
                } catch {
                    telemetry.rulesRefused(rules.stream, error)
                }
            }
        }
    }

    private func start(_ rules: DerivationRules, _ source: TopicName) throws(SystemError) -> DerivedStreamThread {
        try DerivedStreamThread(
            rules: rules, clock: clock, telemetry: telemetry.stream(rules.stream),
            makeCopier: { [config, log, schemas, loop, clock] rules throws(DecrypterError) in
                do throws(KeyVaultError) {
                    let keys = try SQLiteKeyReader(
                        path: PlaneSecrets.vault(config.stateFolder), kek: Self.keyEncryptionKey(config))
                    var limits = DerivedStreamCopier.Limits()
                    limits.cachedKeys = config.keyCache
                    return DerivedStreamCopier(
                        source: source, rules: rules, log: log, keys: keys, schemas: schemas, loop: loop,
                        clock: clock, limits: limits)
                } catch {
                    throw .keys(error)
                }
            },
            reopen: { [log] in log.reopen($0) }, onFatal: { [reportFatal] error in reportFatal.yield(error) })
    }

    private static func keyEncryptionKey(_ config: DecrypterConfig) throws(KeyVaultError) -> SecretBytes {
        try PlaneSecrets.keyEncryptionKey(
            config.stateFolder, provisioned: config.keyEncryptionKeyFile, creating: false)
    }
}

import EventLoop
import GRPC
import Net
package import System

/// What every method of the API stands on.
package final class CallDesk: Sendable {
    /// The state.
    package let store: StateStore
    /// What the plane folder describes now.
    package let folder: @Sendable () -> FolderPlane
    private let readers: BlockingThread
    let telemetry: ControlPlaneTelemetry

    /// - Throws: When the machine has no room for a thread.
    package init(
        store: StateStore, telemetry: ControlPlaneTelemetry, folder: @escaping @Sendable () -> FolderPlane
    ) throws(SystemError) {
        self.store = store
        self.folder = folder
        self.telemetry = telemetry
        readers = try BlockingThread(name: "readers")
    }

    /// Finishes the long answers that are being made.
    package func close() { readers.stop() }

    /// Looks at the state, now and here.
    func look<Answer>(
        _ principal: Principal, _ body: (Call) throws(CallError) -> Answer
    ) throws(GRPCStatus) -> Answer {
        do throws(CallError) {
            return try store.read { view throws(CallError) in try body(call(principal, view)) }
        } catch {
            throw status(error)
        }
    }

    /// Looks at the state for as long as it takes, on a thread for that.
    func lookLong<Answer: Sendable>(
        _ principal: Principal, _ body: @escaping @Sendable (Call) throws(CallError) -> Answer
    ) async throws(GRPCStatus) -> Answer {
        let outcome: Result<Answer, GRPCStatus> = await withCheckedContinuation { continuation in
            let isTaken = readers.run { [self] in
                do throws(GRPCStatus) {
                    continuation.resume(returning: .success(try look(principal, body)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !isTaken { continuation.resume(returning: .failure(status(.stopping))) }
        }
        return try outcome.get()
    }

    /// Changes the state: one transaction.
    func change<Answer: Sendable>(
        _ principal: Principal, _ method: String,
        _ body: @escaping @Sendable (Call, StateChange) throws(CallError) -> Answer
    ) async throws(GRPCStatus) -> Answer {
        do throws(CallError) {
            return try await store.write(by: principal.actor, method) { [self] change throws(CallError) in
                try body(call(principal, change.view), change)
            }
        } catch {
            throw status(error)
        }
    }

    /// A refusal as the caller sees it; what was not the caller's fault is told in the log.
    func status(_ error: CallError) -> GRPCStatus {
        CallProblems.status(error) { telemetry.unexpectedID(error) }
    }

    private func call(_ principal: Principal, _ view: StateView) -> Call {
        Call(principal: principal, view: view, folder: folder(), secrets: store.secrets)
    }
}

import API
import GRPC
import Time
import Wire

extension MethodTable {
    /// `BatchJobsService`, and what its agent asks for. Requests may hold a job in the older field or in the newer one; answers
    /// hold it in both, as long as the older one can.
    mutating func addBatchJobs() {
        list(BatchJobsService.listBatchJobs, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            var response = ListBatchJobsResponse()
            for record in try call.view.resources(.batchJob, ofProject: project.id) {
                let job: BatchJobWrapper = try record.message()
                response.jobs.append(job)
                if let older = job.older { response.batchJobs.append(older) }
            }
            return response
        }
        read(BatchJobsService.getBatchJob, .everybody(.view)) { call, request throws(CallError) in
            let job: BatchJobWrapper = try call.job(request.ref).message()
            var response = GetBatchJobResponse()
            response.job = job
            response.batchJob = job.older
            return response
        }
        change(BatchJobsService.createBatchJob, .people(.createResources)) { call, change, request throws(CallError) in
            let job = try call.create(request, change)
            var response = CreateBatchJobResponse()
            response.job = job
            response.batchJob = job.older
            return response
        }
        change(BatchJobsService.deleteBatchJob, .people(.deleteResources)) { call, change, request throws(CallError) in
            try call.remove(try call.job(request.ref), recursive: false, change)
            return DeleteBatchJobResponse()
        }
        change(BatchJobsService.updateBatchJobState, .dataPlanes) { call, change, request throws(CallError) in
            let record = try call.job(request.ref)
            var job: BatchJobWrapper = try record.message()
            try job.note(request.batchJobState, at: change.now)
            // What a job says of itself is no decision of anybody: it is not for the audit trail.
            try change.setBody(job.protobuf, of: record)
            return UpdateBatchJobStateResponse()
        }
        list(BatchJobsAgentService.getDesiredBatchJobs, .dataPlanes) { call, _ throws(CallError) in
            var response = GetDesiredBatchJobsResponse()
            for record in try call.view.resources(.batchJob) {
                let job: BatchJobWrapper = try record.message()
                var extended = ExtendedBatchJob()
                extended.job = job
                extended.batchJob = job.older
                response.extendedBatchJobs.append(extended)
            }
            return response
        }
    }
}

extension BatchJobWrapper {
    /// The job as the deprecated fields show it, which know one kind only.
    fileprivate var older: BatchJob? {
        if case .encryptionBatchJob(let job) = job { job } else { nil }
    }

    /// Which job.
    fileprivate var ref: BatchJobRef {
        get {
            switch job {
            case .encryptionBatchJob(let job): job.ref
            case .microAggregationBatchJob(let job): job.ref
            case nil: BatchJobRef()
            }
        }
        set {
            switch job {
            case .encryptionBatchJob(var changed):
                changed.ref = newValue
                job = .encryptionBatchJob(changed)
            case .microAggregationBatchJob(var changed):
                changed.ref = newValue
                job = .microAggregationBatchJob(changed)
            case nil: break
            }
        }
    }

    /// Its states, the oldest first.
    private(set) var states: [BatchJobState] {
        get {
            switch job {
            case .encryptionBatchJob(let job): job.states
            case .microAggregationBatchJob(let job): job.states
            case nil: []
            }
        }
        set {
            switch job {
            case .encryptionBatchJob(var changed):
                changed.states = newValue
                job = .encryptionBatchJob(changed)
            case .microAggregationBatchJob(var changed):
                changed.states = newValue
                job = .microAggregationBatchJob(changed)
            case nil: break
            }
        }
    }

    /// How many states of a job are kept, the oldest one always among them.
    private static let keptStates = 100

    /// Adds a state. A job that runs says so every few seconds: of these the last one is kept.
    ///
    /// - Throws: `.invalid` without a state; `.refused` for a job that has ended.
    fileprivate mutating func note(_ state: BatchJobState, at now: Timestamp) throws(CallError) {
        guard state.state != .unspecified else { throw .invalid(field: "batch_job_state.state", rule: "must be set") }
        var state = state
        if state.stateTime == nil { state.stateTime = ProtoTimestamp(now) }
        let last = states.last?.state ?? .unspecified
        switch last {
        case .finished, .error:
            if last == state.state { return }  // the same report again
            throw .refused("batch job \(ref.id) has ended: it is \(last.protoName)")
        case .running where state.state == .running: states.removeLast()
        case .unspecified, .pending, .started, .errorStarting, .running: break
        }
        states.append(state)
        if states.count > Self.keptStates { states.remove(at: 1) }
    }

    /// The first state, which every job has: the public command line reads it unasked.
    fileprivate mutating func begin(at now: Timestamp) {
        var state = BatchJobState()
        state.state = .pending
        state.stateTime = ProtoTimestamp(now)
        states = [state]
    }
}

extension Call {
    /// A job by its id.
    fileprivate func job(_ ref: BatchJobRef) throws(CallError) -> ResourceRecord {
        if ref.id.isEmpty { throw .invalid(field: "ref.id", rule: "must be set") }
        return try resource(.batchJob, ref.id.lowercased(), inProject: ref.projectID)
    }

    fileprivate func create(
        _ request: CreateBatchJobRequest, _ change: StateChange
    ) throws(CallError) -> BatchJobWrapper {
        var job = request.job ?? BatchJobWrapper()
        if request.job == nil, let older = request.batchJob { job.job = .encryptionBatchJob(older) }
        if job.job == nil { throw .invalid(field: "job", rule: "must be set") }
        let project = try openProject(job.ref.projectID)
        let uses: Set<Use>
        switch job.job {
        case .encryptionBatchJob(var encryption):
            uses = try prepare(&encryption, project)
            job.job = .encryptionBatchJob(encryption)
        case .microAggregationBatchJob(var aggregation):
            uses = try prepare(&aggregation, project)
            job.job = .microAggregationBatchJob(aggregation)
        case nil: uses = []
        }
        job.ref.id = StateSecrets.newID()
        job.ref.projectID = project.id
        job.begin(at: change.now)
        try checkRoom(for: .batchJob, job.ref.id, inProject: project.id)
        let record = ResourceRecord(
            .batchJob, id: job.ref.id, projectID: project.id, name: job.ref.id, body: job.protobuf,
            created: change.now)
        try add(record, uses: uses, change)
        return job
    }

    /// Checks what an encryption job refers to, and fills in what it leaves open.
    private func prepare(_ job: inout BatchJob, _ project: ProjectRecord) throws(CallError) -> Set<Use> {
        var uses: Set<Use> = []
        uses.insert(try prepare(&job.sourceData, project, "source_data"))
        uses.insert(try prepare(&job.encryptedData.target, project, "encrypted_data.target"))
        uses.insert(try prepare(&job.encryptionKeysData.target, project, "encryption_keys_data.target"))
        for index in job.derivedData.indices {
            guard var target = job.derivedData[index].target else {
                throw .invalid(field: "derived_data[\(index)].target", rule: "must be set")
            }
            uses.insert(try prepare(&target, project, "derived_data[\(index)].target"))
            job.derivedData[index].target = target
            if job.derivedData[index].consentLevelType == .unspecified {
                job.derivedData[index].consentLevelType = .granular
            }
        }
        uses.insert(try activeContract(job.eventContractRef.contractRef))
        job.policyID = try usablePolicy(job.policyID)
        if !job.policyID.isEmpty { uses.insert(Use(policy: job.policyID)) }
        return uses
    }

    private func prepare(
        _ job: inout MicroAggregationBatchJob, _ project: ProjectRecord
    ) throws(CallError) -> Set<Use> {
        [
            try prepare(&job.sourceData, project, "source_data"), try prepare(&job.targetData, project, "target_data"),
            try activeContract(job.dataContractRef.contractRef),
        ]
    }

    /// Data of a job: through which connector, and CSV unless it says otherwise, as the public tool's own example does not.
    private func prepare(
        _ data: inout DataConnectorAndType, _ project: ProjectRecord, _ field: String
    ) throws(CallError) -> Use {
        if data.dataType == nil {
            var csv = CsvConfig()
            csv.charset = "UTF-8"
            data.dataType = DataType()
            data.dataType?.dataType = .csv(csv)
        }
        return try connector(data.dataConnectorRef, of: project, field: "\(field).data_connector_ref").use
    }

    private func activeContract(_ ref: ContractRef) throws(CallError) -> Use {
        let contract = try contract("", DataContractRef(ref))
        guard contract.state == .active else {
            throw .refused("data contract \(ref) is \(contract.state.protoName): a job needs an active one")
        }
        return Use(ref)
    }
}

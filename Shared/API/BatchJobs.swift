// `strmprivacy.api.batch_jobs.v1`

package import GRPC

/// Jobs that read one file and write others.
package enum BatchJobsService: RPCService {
    package static let serviceName = "strmprivacy.api.batch_jobs.v1.BatchJobsService"

    /// One batch job.
    package static let getBatchJob: UnaryMethod<GetBatchJobRequest, GetBatchJobResponse> = unary("GetBatchJob")
    /// All batch jobs that the caller may see.
    package static let listBatchJobs: UnaryMethod<ListBatchJobsRequest, ListBatchJobsResponse> = unary("ListBatchJobs")
    /// Makes a batch job.
    package static let createBatchJob: UnaryMethod<CreateBatchJobRequest, CreateBatchJobResponse> = unary(
        "CreateBatchJob")
    /// Removes a batch job.
    package static let deleteBatchJob: UnaryMethod<DeleteBatchJobRequest, DeleteBatchJobResponse> = unary(
        "DeleteBatchJob")
    /// Adds a state to a job.
    package static let updateBatchJobState: UnaryMethod<UpdateBatchJobStateRequest, UpdateBatchJobStateResponse> =
        unary("UpdateBatchJobState")

    package static let methods = [
        getBatchJob.shape, listBatchJobs.shape, createBatchJob.shape, deleteBatchJob.shape, updateBatchJobState.shape,
    ]
}

/// `GetBatchJobRequest`.
package struct GetBatchJobRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.GetBatchJobRequest"

    /// Which one.
    @Required package var ref: BatchJobRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `GetBatchJobResponse`.
package struct GetBatchJobResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.GetBatchJobResponse"

    /// The job, if it encrypts; deprecated for `job`.
    package var batchJob: BatchJob?
    /// The job.
    package var job: BatchJobWrapper?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchJob", &batchJob)
        fields.message(2, "job", &job)
    }
}

/// `ListBatchJobsRequest`.
package struct ListBatchJobsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.ListBatchJobsRequest"

    /// Deprecated.
    package var billingID = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ListBatchJobsResponse`.
package struct ListBatchJobsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.ListBatchJobsResponse"

    /// The jobs that encrypt; deprecated for `jobs`.
    package var batchJobs: [BatchJob] = []
    /// The jobs.
    package var jobs: [BatchJobWrapper] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "batchJobs", &batchJobs)
        fields.messages(2, "jobs", &jobs)
    }
}

/// `CreateBatchJobRequest`.
package struct CreateBatchJobRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.CreateBatchJobRequest"

    /// The job, if it encrypts; deprecated for `job`.
    package var batchJob: BatchJob?
    /// The job.
    package var job: BatchJobWrapper?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchJob", &batchJob)
        fields.message(2, "job", &job)
    }
}

/// `CreateBatchJobResponse`.
package struct CreateBatchJobResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.CreateBatchJobResponse"

    /// The job, if it encrypts; deprecated for `job`.
    package var batchJob: BatchJob?
    /// The job.
    package var job: BatchJobWrapper?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchJob", &batchJob)
        fields.message(2, "job", &job)
    }
}

/// `DeleteBatchJobRequest`.
package struct DeleteBatchJobRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.DeleteBatchJobRequest"

    /// Which one.
    @Required package var ref: BatchJobRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `UpdateBatchJobStateRequest`.
package struct UpdateBatchJobStateRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.UpdateBatchJobStateRequest"

    /// Which one.
    @Required package var ref: BatchJobRef
    /// The new state.
    @Required package var batchJobState: BatchJobState

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.message(2, "batchJobState", &$batchJobState)
    }
}

/// `DeleteBatchJobResponse`.
package struct DeleteBatchJobResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.DeleteBatchJobResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `UpdateBatchJobStateResponse`.
package struct UpdateBatchJobStateResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_jobs.v1.UpdateBatchJobStateResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

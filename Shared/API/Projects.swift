// `strmprivacy.api.projects.v1`

package import GRPC

/// Projects and their members.
package enum ProjectsService: RPCService {
    package static let serviceName = "strmprivacy.api.projects.v1.ProjectsService"

    /// All projects that the caller may see.
    package static let listProjects: UnaryMethod<ListProjectsRequest, ListProjectsResponse> = unary("ListProjects")
    /// Makes a project.
    package static let createProject: UnaryMethod<CreateProjectRequest, CreateProjectResponse> = unary("CreateProject")
    /// Removes a project.
    package static let deleteProject: UnaryMethod<DeleteProjectRequest, DeleteProjectResponse> = unary("DeleteProject")
    /// Puts a project away.
    package static let archiveProject: UnaryMethod<ArchiveProjectRequest, ArchiveProjectResponse> = unary(
        "ArchiveProject")
    /// One project.
    package static let getProject: UnaryMethod<GetProjectRequest, GetProjectResponse> = unary("GetProject")
    /// Lets users in.
    package static let addProjectMembers: UnaryMethod<AddProjectMembersRequest, AddProjectMembersResponse> = unary(
        "AddProjectMembers")
    /// Takes users out.
    package static let removeProjectMembers: UnaryMethod<RemoveProjectMembersRequest, RemoveProjectMembersResponse> =
        unary("RemoveProjectMembers")
    /// Who is in.
    package static let listProjectMembers: UnaryMethod<ListProjectMembersRequest, ListProjectMembersResponse> = unary(
        "ListProjectMembers")

    package static let methods = [
        listProjects.shape, createProject.shape, deleteProject.shape, archiveProject.shape, getProject.shape,
        addProjectMembers.shape, removeProjectMembers.shape, listProjectMembers.shape,
    ]
}

/// `GetProjectRequest`.
package struct GetProjectRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.GetProjectRequest"

    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "projectId", &projectID, [.required, .uuid])
    }
}

/// `GetProjectResponse`.
package struct GetProjectResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.GetProjectResponse"

    /// The project.
    package var project: Project?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "project", &project)
    }
}

/// `ListProjectsResponse`.
package struct ListProjectsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.ListProjectsResponse"

    /// The projects.
    package var projects: [Project] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "projects", &projects)
    }
}

/// `CreateProjectRequest`.
package struct CreateProjectRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.CreateProjectRequest"

    /// The project.
    @Required package var project: Project

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "project", &$project)
    }
}

/// `CreateProjectResponse`.
package struct CreateProjectResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.CreateProjectResponse"

    /// The project.
    package var project: Project?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "project", &project)
    }
}

/// `DeleteProjectRequest`.
package struct DeleteProjectRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.DeleteProjectRequest"

    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ArchiveProjectRequest`.
package struct ArchiveProjectRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.ArchiveProjectRequest"

    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "projectId", &projectID, [.required, .uuid])
    }
}

/// `AddProjectMembersRequest`.
package struct AddProjectMembersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.AddProjectMembersRequest"

    /// Addresses of e-mail.
    package var emails: [String] = []
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "emails", &emails, count: 1 ... .max, each: [.required, .email])
        fields.text(2, "projectId", &projectID, [.required, .uuid])
    }
}

/// `RemoveProjectMembersRequest`.
package struct RemoveProjectMembersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.RemoveProjectMembersRequest"

    /// Addresses of e-mail.
    package var emails: [String] = []
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "emails", &emails, count: 1 ... .max, each: [.required, .email])
        fields.text(2, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ListProjectMembersRequest`.
package struct ListProjectMembersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.ListProjectMembersRequest"

    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ListProjectMembersResponse`.
package struct ListProjectMembersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.ListProjectMembersResponse"

    /// The members.
    package var projectMembers: [User] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "projectMembers", &projectMembers)
    }
}

/// `ListProjectsRequest`.
package struct ListProjectsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.ListProjectsRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `DeleteProjectResponse`.
package struct DeleteProjectResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.DeleteProjectResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ArchiveProjectResponse`.
package struct ArchiveProjectResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.ArchiveProjectResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `AddProjectMembersResponse`.
package struct AddProjectMembersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.AddProjectMembersResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `RemoveProjectMembersResponse`.
package struct RemoveProjectMembersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.projects.v1.RemoveProjectMembersResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

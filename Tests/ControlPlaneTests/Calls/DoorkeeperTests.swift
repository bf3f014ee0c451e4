import Crypto
import JSON
import System
import TestKit
import Testing
import Time
import Tokens

@Suite struct DoorkeeperTests {
    @Test func `only tokens of people and of data planes are good, and only while they last`() async throws {
        let rig = try await APIRig.start()
        let clientID = try rig.plane.client().id
        let foreign = try SigningKeyStore(
            folder: rig.plane.folder.file("foreign"), algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .minutes(30), keepAfterUse: .hours(2)),
            now: SystemClock().now())
        let forged = try TokenIssuer(
            issuer: "\(rig.plane.url)/auth/realms/users", keys: foreign, lifetime: .hours(1), detail: .keycloak
        ).issue(
            for: TokenPerson(id: "00000000-0000-4000-8000-000000000000", email: rig.plane.adminEmail),
            clientID: "cli", scope: "email", now: SystemClock().now())
        try await rig.python(
            """
            def with_token(token): return Api(rig["plain"], token)
            method = "ProjectsService/ListProjects"
            assert "authorization" in refused("UNAUTHENTICATED", nobody, method)
            refused("UNAUTHENTICATED", Api(rig["plain"], metadata=[("authorization", rig["tokens"]["admin"])]), method)
            refused("UNAUTHENTICATED", Api(rig["plain"], metadata=[("authorization", "Basic YTpi")]), method)
            refused("UNAUTHENTICATED", with_token("abc"), method)
            refused("PERMISSION_DENIED", with_token(rig["tokens"]["admin"][:-4] + "AAAA"), method)
            assert "expired" in refused("PERMISSION_DENIED", with_token(rig["expired"]), method)
            refused("PERMISSION_DENIED", with_token(rig["forged"]), method)
            assert "streams" in refused("PERMISSION_DENIED", with_token(rig["stream"]), method)
            refused("PERMISSION_DENIED", with_token(rig["stream"]), "StreamsAgentService/GetStreams")
            refused("PERMISSION_DENIED", data_plane, method)
            refused("PERMISSION_DENIED", admin, "StreamsAgentService/GetStreams")
            refused("PERMISSION_DENIED", admin, "PlaneService/GetPlane")
            said = Api(rig["plain"], rig["tokens"]["stranger"], metadata=[
                ("strm-external-user-id", "00000000-0000-4000-8000-000000000000"), ("strm-installation-id", installation),
                ("strm-cli-version", "3.16.1"), ("strm-zed-token", "z"), ("strm-zed-token", "y")])
            assert len(said(method).projects) == 0
            refused("PERMISSION_DENIED", said, "StreamsAgentService/GetStreams")
            """,
            more: [
                "expired": .string(try rig.token(of: rig.plane.adminEmail, age: .hours(2))),
                "forged": .string(forged.text),
                "stream": .string(try rig.streamToken(clientID: clientID)),
            ])
    }

    @Test func `health is told to everybody`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            check = nobody.channel.unary_unary("/grpc.health.v1.Health/Check")
            assert check(b"") == bytes([8, 1])
            try: check(bytes([10, 1, 120]))
            except grpc.RpcError as error: assert error.code().name == "NOT_FOUND"
            """)
    }

    private static let allowed: [(method: String, callers: [String])] = [
        ("ProjectsService/CreateProject", ["admin", "project_admin"]),
        ("ProjectsService/DeleteProject", ["admin", "project_admin"]),
        ("ProjectsService/ArchiveProject", ["admin", "project_admin"]),
        ("ProjectsService/AddProjectMembers", ["admin", "project_admin"]),
        ("ProjectsService/RemoveProjectMembers", ["admin", "project_admin"]),
        ("ProjectsService/GetProject", ["admin", "project_admin", "approver", "member"]),
        ("ProjectsService/ListProjectMembers", ["admin", "project_admin", "approver", "member"]),
        ("StreamsService/CreateStream", ["admin", "project_admin", "member"]),
        ("StreamsService/DeleteStream", ["admin", "project_admin"]),
        ("StreamsService/GetStream", ["admin", "project_admin", "approver", "member"]),
        ("StreamsService/ListStreams", ["admin", "project_admin", "approver", "member"]),
        ("StreamsService/ListExtendedStreams", ["admin", "project_admin", "approver", "member", "data_plane"]),
        ("KeyStreamsService/ListKeyStreams", ["admin", "project_admin", "approver", "member"]),
        ("KeyStreamsService/GetKeyStream", ["admin", "project_admin", "approver", "member"]),
        ("CredentialsService/CreateCredential", ["admin", "project_admin", "member"]),
        ("CredentialsService/DeleteCredential", ["admin", "project_admin"]),
        ("CredentialsService/ListCredentials", ["admin", "project_admin", "approver", "member"]),
        ("CredentialsService/GetCredential", ["admin", "project_admin", "approver", "member"]),
        ("OrganizationsService/UpdateUserRoles", ["admin"]), ("OrganizationsService/InviteUsers", ["admin"]),
        ("OrganizationsService/GetUser", ["admin", "project_admin", "approver", "member"]),
        ("AccountService/CreateAccountHandle", ["admin"]),
        ("InstallationsService/GetInstallation", ["admin", "project_admin", "approver", "member", "data_plane"]),
        ("InstalledComponentsService/UpdateInstalledComponentState", ["data_plane"]),
        (
            "InstalledComponentsService/ListInstalledComponents",
            [
                "admin", "project_admin", "approver", "member", "data_plane",
            ]
        ),
        ("CustomerEntityVersionsService/GetDecrypterImage", ["data_plane"]),
        ("AuditService/ListAuditEntries", ["admin", "project_admin"]),
    ]

    @Test func `each method is for those whom the table names, and for nobody else`() async throws {
        let rig = try await APIRig.start()
        var table = JSONObject()
        for (method, callers) in Self.allowed { table[method] = .array(callers.map { .string($0) }) }
        try await rig.python(
            """
            for method, allowed in rig["allowed"].items():
                for name in ["admin", "project_admin", "approver", "member", "data_plane"]:
                    try:
                        # Without fields: whoever may call is told what is missing.
                        globals()[name](method, **({"page_size": -1} if "Audit" in method else {}))
                        code = "OK"
                    except grpc.RpcError as error:
                        code = error.code().name
                    expected = "INVALID_ARGUMENT" if name in allowed else "PERMISSION_DENIED"
                    assert code == expected, (method, name, code)
            """, more: ["allowed": .object(table)])
    }
}

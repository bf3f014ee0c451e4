import Testing

@Suite struct PoliciesTests {
    @Test func `a policy is drafted, edited, activated, used, archived and deleted`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            import uuid
            P = "PoliciesService/"
            standard = member(P + "GetPolicy").policy
            assert (standard.id, standard.name, standard.retention_days, standard.state) == ("", "7 years", 2556, 2), standard
            assert standard.description == "Default 7 year retention"
            assert data_plane(P + "GetPolicy").policy == standard
            assert len(stranger(P + "ListPolicies").policies) == 0

            id = str(uuid.uuid4())
            made = member(P + "CreatePolicy", policy={
                "id": id.upper(), "name": "one year", "retention_days": 365, "legal_grounds": "contract",
                "state": "STATE_DRAFT"}).policy
            assert (made.id, made.state, made.legal_grounds) == (id, 1, "contract"), made
            other = {"id": str(uuid.uuid4()), "name": "other", "retention_days": 1}
            refused("ALREADY_EXISTS", member, P + "CreatePolicy", policy={**other, "id": id})
            refused("ALREADY_EXISTS", member, P + "CreatePolicy", policy={**other, "name": "one year"})
            refused("ALREADY_EXISTS", member, P + "CreatePolicy", policy={**other, "name": "7 years"})
            assert "policy.name" in refused("INVALID_ARGUMENT", member, P + "CreatePolicy", policy={**other, "name": ""})
            assert "retention_days" in refused(
                "INVALID_ARGUMENT", member, P + "CreatePolicy", policy={**other, "retention_days": 0})
            refused("INVALID_ARGUMENT", member, P + "CreatePolicy", policy={**other, "state": "STATE_ACTIVE"})
            refused("PERMISSION_DENIED", approver, P + "CreatePolicy", policy=other)
            refused("PERMISSION_DENIED", data_plane, P + "CreatePolicy", policy=other)

            def update(who, mask, **fields):
                return who(P + "UpdatePolicy", policy={"id": id, **fields}, update_mask=mask).policy

            edited = update(member, "name,retentionDays,description", name="two years", retention_days=730,
                            description="d", legal_grounds="not in the mask")
            assert (edited.name, edited.retention_days, edited.description, edited.legal_grounds) == (
                "two years", 730, "d", "contract")
            refused("INVALID_ARGUMENT", member, P + "UpdatePolicy", policy={"id": id}, update_mask="colour")
            refused("INVALID_ARGUMENT", member, P + "UpdatePolicy", policy={"id": id}, update_mask="")
            refused("NOT_FOUND", member, P + "UpdatePolicy", policy={"id": str(uuid.uuid4()), "state": 2}, update_mask="state")

            stream = {"ref": {"name": "kept", "project_id": project}, "policy_id": id}
            assert "not active" in refused("FAILED_PRECONDITION", admin, "StreamsService/CreateStream", stream=stream)
            refused("FAILED_PRECONDITION", member, P + "UpdatePolicy", policy={"id": id, "state": 3}, update_mask="state")
            assert update(member, "state", state=2).state == 2
            refused("FAILED_PRECONDITION", member, P + "UpdatePolicy", policy={"id": id, "state": 2}, update_mask="state")
            assert "draft" in refused(
                "FAILED_PRECONDITION", member, P + "UpdatePolicy", policy={"id": id, "name": "late"}, update_mask="name")
            assert admin("StreamsService/CreateStream", stream=stream).stream.policy_id == id
            assert "active" in refused("FAILED_PRECONDITION", admin, P + "DeletePolicy", policy_id=id)
            assert "stream kept" in refused(
                "FAILED_PRECONDITION", member, P + "UpdatePolicy", policy={"id": id, "state": 3}, update_mask="state")
            admin("StreamsService/DeleteStream", ref=stream["ref"])
            assert update(member, "state", state=3).state == 3
            refused("PERMISSION_DENIED", member, P + "DeletePolicy", policy_id=id)
            assert [p.id for p in stranger(P + "ListPolicies").policies] == [id]
            admin(P + "DeletePolicy", policy_id=id)
            refused("NOT_FOUND", member, P + "GetPolicy", policy_id=id)
            refused("NOT_FOUND", admin, P + "DeletePolicy", policy_id=id)

            trail = admin("AuditService/ListAuditEntries", kind="policy").entries
            assert [(e.actor_name.split("@")[0], bool(e.before), bool(e.after)) for e in trail] == [
                ("admin", True, False), ("member", True, True), ("member", True, True), ("member", True, True),
                ("member", False, True)], trail
            """)
    }

    @Test func `a purpose gets the next level, whatever was asked for, and stays`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            P = "PurposeMappingService/"
            assert len(stranger(P + "ListPurposeMappings").purpose_mappings) == 0
            first = member(P + "CreatePurposeMapping", purpose_mapping={"purpose": "Marketing", "level": 7}).purpose_mapping
            second = member(P + "CreatePurposeMapping", purpose_mapping={
                "purpose": "Research", "description": "of causes"}).purpose_mapping
            assert (first.level, second.level) == (0, 1), (first, second)
            refused("ALREADY_EXISTS", member, P + "CreatePurposeMapping", purpose_mapping={"purpose": "Research"})
            refused("INVALID_ARGUMENT", member, P + "CreatePurposeMapping", purpose_mapping={"purpose": "x"})
            refused("PERMISSION_DENIED", approver, P + "CreatePurposeMapping", purpose_mapping={"purpose": "More"})
            assert [m.purpose for m in approver(P + "ListPurposeMappings").purpose_mappings] == ["Marketing", "Research"]
            assert member(P + "GetPurposeMapping", level=1).purpose_mapping == second
            refused("NOT_FOUND", member, P + "GetPurposeMapping", level=2)
            refused("INVALID_ARGUMENT", member, P + "GetPurposeMapping", level=-1)
            """)
    }
}

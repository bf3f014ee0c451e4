import Testing

@Suite struct OrganizationTests {
    @Test func `the account tells whose plane it is and what the caller may do`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            account = admin("AccountService/GetAccountDetails")
            assert account.max_input_streams > 10000 and account.subscription and account.organization
            assert len(account.organization_id) == 36 and len(account.internal_user_id) == 36
            assert 1 in account.user_roles and list(member("AccountService/GetAccountDetails").user_roles) == [4]
            assert not account.is_onboarding_done and account.handle == ""
            admin("AccountService/UpdateOnboarding", is_onboarding_done=True)
            assert admin("AccountService/GetAccountDetails").is_onboarding_done
            assert not member("AccountService/GetAccountDetails").is_onboarding_done
            refused("INVALID_ARGUMENT", admin, "AccountService/GetAccountDetails", billing_id="b")

            handles = lambda: list(data_plane("HandlesService/ListInstallationHandles", installation_id=installation).installation_handles)
            assert handles() == []
            refused("PERMISSION_DENIED", project_admin, "AccountService/CreateAccountHandle", handle="webshop")
            for bad in ["abc", "x" * 101, "-abc", "abc-", "my strm", "a_strm_b", "wéb-shop", ""]:
                assert "handle" in refused("INVALID_ARGUMENT", admin, "AccountService/CreateAccountHandle", handle=bad), bad
            assert admin("AccountService/CreateAccountHandle", handle="webshop").handle == "webshop"
            assert handles() == ["webshop"] and admin("AccountService/GetAccountDetails").handle == "webshop"
            refused("FAILED_PRECONDITION", admin, "AccountService/CreateAccountHandle", handle="other-shop")
            """)
    }

    @Test func `users are found, get roles and are invited; somebody stays admin`() async throws {
        let rig = try await APIRig.start()
        try await rig.python(
            """
            user = admin("OrganizationsService/GetUser", email="Member@Example.com").user
            assert user.email == "member@example.com" and len(user.external_user_id) == 36 and list(user.user_roles) == [4]
            assert user.organization_id == admin("AccountService/GetAccountDetails").organization_id
            refused("NOT_FOUND", admin, "OrganizationsService/GetUser", email="x@example.com")
            refused("INVALID_ARGUMENT", admin, "OrganizationsService/GetUser", email="x")
            emails = [u.email for u in member("OrganizationsService/ListOrganizationMembers").organization_members]
            assert len(emails) == 5 and emails[0] == "admin@polder.local", emails

            change = "OrganizationsService/UpdateUserRoles"
            refused("PERMISSION_DENIED", project_admin, change, emails=["member@example.com"], user_roles=["ADMIN"])
            refused("FAILED_PRECONDITION", admin, change, emails=["admin@polder.local"], user_roles=["MEMBER"])
            assert 1 in admin("AccountService/GetAccountDetails").user_roles
            refused("NOT_FOUND", admin, change, emails=["member@example.com", "x@example.com"], user_roles=["ADMIN"])
            assert list(member("AccountService/GetAccountDetails").user_roles) == [4]
            refused("INVALID_ARGUMENT", admin, change, emails=[], user_roles=["ADMIN"])
            refused("INVALID_ARGUMENT", admin, change, emails=["no address"], user_roles=["ADMIN"])
            refused("INVALID_ARGUMENT", admin, change, emails=["member@example.com"], user_roles=[77])
            admin(change, emails=["member@example.com", "approver@example.com"], user_roles=["ADMIN", "APPROVER"])
            assert list(member("AccountService/GetAccountDetails").user_roles) == [1, 3]
            member(change, emails=["admin@polder.local"], user_roles=[])
            assert list(admin("AccountService/GetAccountDetails").user_roles) == [4]
            refused("PERMISSION_DENIED", admin, change, emails=["admin@polder.local"], user_roles=["ADMIN"])

            invite = "OrganizationsService/InviteUsers"
            refused("PERMISSION_DENIED", project_admin, invite, user_invites=[{"email": "new@example.com"}])
            answer = member(invite, user_invites=[{"email": "new@example.com", "user_role": "APPROVER"}, {"email": "Approver@example.com"}])
            assert answer.invite_count == 1 and answer.issues[0].invite.email == "Approver@example.com" and answer.issues[0].message
            assert member(invite, user_invites=[{"email": "NEW@example.com"}]).invite_count == 0
            listed = member("OrganizationsService/ListUserInvites").user_invites
            assert [(i.email, i.user_role, i.state) for i in listed] == [("new@example.com", 3, 1)], listed
            refused("INVALID_ARGUMENT", member, invite)
            refused("INVALID_ARGUMENT", member, invite, user_invites=[{"email": "x"}])
            refused("INVALID_ARGUMENT", member, invite, user_invites=[{"email": f"x{n}@example.com"} for n in range(501)])
            own = {"organization_id": user.organization_id}
            refused("INVALID_ARGUMENT", member, invite, user_invites=[{"email": "y@example.com"}], **own)
            refused("INVALID_ARGUMENT", member, "OrganizationsService/ListUserInvites", **own)
            """)
    }
}

use super::*;

fn refusal(fields: &[(&str, &str)]) -> (u16, u64) {
    sign_in(fields).json().send(&mut FakePlex::new()).error_code()
}

/// Returns a sign-in request with the account's password and, if the account requires one, its
/// verification code.
fn signing_in(plex: &FakePlex, who: Who, login: impl Fn(&Account) -> Option<&str>) -> TestRequest {
    let account = plex.account(who);
    let mut fields =
        vec![("login", login(account).unwrap()), ("password", account.password().unwrap())];
    fields.extend(account.verification_code().map(|code| ("verificationCode", code)));
    sign_in(&fields)
}

#[test]
fn accounts_sign_in_by_name_or_email() {
    for who in [Who::PlexPass, Who::Free, Who::TwoFactor] {
        let mut plex = FakePlex::new();
        let in_json = signing_in(&plex, who, Account::login).json().send(&mut plex);
        assert_eq!(
            (in_json.status(), in_json.content_type()),
            (201, "application/json;charset=utf-8")
        );
        let value = in_json.json_body();
        assert_eq!(value["id"], plex.account(who).body()["id"]);
        assert_eq!(value["rememberExpiresAt"], Value::Null);

        let in_xml = signing_in(&plex, who, Account::email).send(&mut plex);
        assert_eq!((in_xml.status(), in_xml.content_type()), (201, "application/xml"));
        let title = format!(" title=\"{}\"", plex.account(who).login().unwrap());
        assert!(
            in_xml.text().contains("<user ") && in_xml.text().contains(&title),
            "{}",
            in_xml.text()
        );
    }
}

#[test]
fn each_sign_in_issues_a_new_token() {
    let mut plex = FakePlex::new();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let account =
            signing_in(&plex, Who::Free, Account::login).json().send(&mut plex).json_body();
        let token = account["authToken"].as_str().unwrap().to_owned();
        assert_eq!(token.len(), 20);
        assert_eq!(
            request("GET", "/user").token(&token).json().send(&mut plex).json_body()["username"],
            "tariq"
        );
        tokens.push(token);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[test]
fn remember_me_sets_an_expiry() {
    let mut plex = FakePlex::new();
    let fields = [("login", "tariq"), ("password", "copper+teapot%7"), ("rememberMe", "true")];
    let account = sign_in(&fields).json().send(&mut plex).json_body();
    assert_eq!(account["rememberExpiresAt"], NOW + 14 * 24 * 60 * 60);
    let token = account["authToken"].as_str().unwrap();
    let again = request("GET", "/user").token(token).json().send(&mut plex).json_body();
    assert_eq!(again, account);
}

#[test]
fn a_wrong_password_or_login_is_refused() {
    assert_eq!(refusal(&[("login", "tariq"), ("password", "wrong")]), (401, 1001));
    assert_eq!(refusal(&[("login", "nobody"), ("password", "wrong")]), (401, 1001));
    assert_eq!(refusal(&[("login", "Nilo"), ("password", "wrong")]), (401, 1001));
}

#[test]
fn a_second_factor_is_required_and_checked() {
    let with = |code: Option<&str>| {
        let mut fields = vec![("login", "ingrid"), ("password", "Fjellvåk-81")];
        fields.extend(code.map(|code| ("verificationCode", code)));
        refusal(&fields)
    };
    assert_eq!(with(None), (401, 1029));
    assert_eq!(with(Some("")), (401, 1029));
    assert_eq!(with(Some("  ")), (401, 1029));
    assert_eq!(with(Some("654321")), (401, 1028));
    assert_eq!(refusal(&[("login", "ingrid"), ("password", "Fjellvåk-81123456")]), (401, 1001));
    assert_eq!(
        refusal(&[("login", "ingrid"), ("password", "no"), ("verificationCode", "123456")]),
        (401, 1001)
    );
}

#[test]
fn an_account_without_password_is_reported() {
    assert_eq!(refusal(&[("login", "yaw"), ("password", "anything")]), (401, 1030));
}

#[test]
fn ten_wrong_passwords_lock_the_account() {
    let mut plex = FakePlex::new();
    let wrong = [("login", "tariq"), ("password", "wrong")];
    let right = [("login", "TARIQ"), ("password", "copper+teapot%7")];
    for _ in 0..9 {
        assert_eq!(sign_in(&wrong).json().send(&mut plex).error_code(), (401, 1001));
    }
    assert_eq!(sign_in(&right).json().send(&mut plex).status(), 201);
    for _ in 0..10 {
        assert_eq!(sign_in(&wrong).json().send(&mut plex).error_code(), (401, 1001));
    }
    assert_eq!(sign_in(&right).json().send(&mut plex).error_code(), (401, 1031));
    assert_eq!(sign_in(&wrong).json().send(&mut plex).error_code(), (401, 1031));

    plex.forgive();
    assert_eq!(sign_in(&right).json().send(&mut plex).status(), 201);
}

#[test]
fn a_missing_or_malformed_field_is_refused() {
    assert_eq!(refusal(&[("login", "tariq")]), (400, 1004));
    assert_eq!(refusal(&[("password", "x")]), (400, 1004));
    assert_eq!(refusal(&[("login", ""), ("password", "x")]), (400, 1004));
    assert_eq!(refusal(&[("login", "tariq"), ("password", "")]), (400, 1004));
    assert_eq!(refusal(&[("login", "a"), ("login", "b"), ("password", "x")]), (400, 1004));
    assert_eq!(
        refusal(&[("login", "a"), ("password", "x"), ("rememberMe", "perhaps")]),
        (400, 1004)
    );

    let mut plex = FakePlex::new();
    let right = [("login", "tariq"), ("password", "copper+teapot%7")];
    let unlabeled = sign_in(&right).without("content-type");
    assert_eq!(unlabeled.json().send(&mut plex).error_code(), (400, 1004));
    let mislabeled =
        sign_in(&right).without("content-type").header("content-type", "application/json");
    assert_eq!(mislabeled.json().send(&mut plex).error_code(), (400, 1004));
    let mut malformed = sign_in(&[]).json();
    malformed.1 = b"login=tariq&password=copper+teapot%7".to_vec();
    assert_eq!(malformed.send(&mut plex).error_code(), (400, 1004));
}

#[test]
fn a_missing_client_identifier_is_refused() {
    let right = [("login", "tariq"), ("password", "copper+teapot%7")];
    let anonymous = sign_in(&right).without("x-plex-client-identifier").json();
    assert_eq!(anonymous.send(&mut FakePlex::new()).error_code(), (400, 1000));
}

#[test]
fn a_changed_password_is_compared_byte_for_byte() {
    let mut plex = FakePlex::new();
    let password = "a&b=c+d%20$é\"😀;";
    plex.account_mut(Who::Free).set_password(password);
    assert_eq!(
        sign_in(&[("login", "tariq"), ("password", password)]).json().send(&mut plex).status(),
        201
    );
    assert_eq!(plex.requests()[0].form_field("password").as_deref(), Some(password));
}

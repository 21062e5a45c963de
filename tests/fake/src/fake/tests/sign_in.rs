use super::*;

fn refusal(fields: &[(&str, &str)]) -> (u16, u64) {
    sign_in(fields).json().of(&mut FakePlex::new()).code()
}

/// Everyone who has a password signs in, with a code where one is needed.
fn signing_in(plex: &FakePlex, who: Who, login: impl Fn(&Account) -> Option<&str>) -> Asking {
    let account = plex.account(who);
    let mut fields =
        vec![("login", login(account).unwrap()), ("password", account.password().unwrap())];
    fields.extend(account.verification_code().map(|code| ("verificationCode", code)));
    sign_in(&fields)
}

#[test]
fn each_account_signs_in_in_json_and_xml_by_name_and_by_address() {
    for who in [Who::PlexPass, Who::Free, Who::TwoFactor] {
        let mut plex = FakePlex::new();
        let in_json = signing_in(&plex, who, Account::login).json().of(&mut plex);
        assert_eq!((in_json.status(), in_json.kind()), (201, "application/json;charset=utf-8"));
        let value = in_json.value();
        assert_eq!(value["id"], plex.account(who).body()["id"]);
        assert_eq!(value["rememberExpiresAt"], Value::Null);

        let in_xml = signing_in(&plex, who, Account::email).of(&mut plex);
        assert_eq!((in_xml.status(), in_xml.kind()), (201, "application/xml"));
        let title = format!(" title=\"{}\"", plex.account(who).login().unwrap());
        assert!(
            in_xml.text().contains("<user ") && in_xml.text().contains(&title),
            "{}",
            in_xml.text()
        );
    }
}

#[test]
fn each_sign_in_issues_a_new_token_that_works() {
    let mut plex = FakePlex::new();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let account = signing_in(&plex, Who::Free, Account::login).json().of(&mut plex).value();
        let token = account["authToken"].as_str().unwrap().to_owned();
        assert_eq!(token.len(), 20);
        assert_eq!(
            asking("GET", "/user").token(&token).json().of(&mut plex).value()["username"],
            "tariq"
        );
        tokens.push(token);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[test]
fn a_token_that_is_to_be_remembered_says_until_when() {
    let mut plex = FakePlex::new();
    let fields = [("login", "tariq"), ("password", "copper+teapot%7"), ("rememberMe", "true")];
    let account = sign_in(&fields).json().of(&mut plex).value();
    assert_eq!(account["rememberExpiresAt"], NOW + 14 * 24 * 60 * 60);
    let token = account["authToken"].as_str().unwrap();
    let again = asking("GET", "/user").token(token).json().of(&mut plex).value();
    assert_eq!(again, account);
}

#[test]
fn a_wrong_password_or_login_is_refused() {
    assert_eq!(refusal(&[("login", "tariq"), ("password", "wrong")]), (401, 1001));
    assert_eq!(refusal(&[("login", "nobody"), ("password", "wrong")]), (401, 1001));
    assert_eq!(refusal(&[("login", "Nilo"), ("password", "wrong")]), (401, 1001));
}

#[test]
fn a_second_factor_is_asked_for_and_checked() {
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
fn an_account_without_password_says_that_it_signs_in_by_e_mail() {
    assert_eq!(refusal(&[("login", "yaw"), ("password", "anything")]), (401, 1030));
}

#[test]
fn after_ten_wrong_passwords_the_right_one_is_refused_too() {
    let mut plex = FakePlex::new();
    let wrong = [("login", "tariq"), ("password", "wrong")];
    let right = [("login", "TARIQ"), ("password", "copper+teapot%7")];
    for _ in 0..9 {
        assert_eq!(sign_in(&wrong).json().of(&mut plex).code(), (401, 1001));
    }
    assert_eq!(sign_in(&right).json().of(&mut plex).status(), 201);
    for _ in 0..10 {
        assert_eq!(sign_in(&wrong).json().of(&mut plex).code(), (401, 1001));
    }
    assert_eq!(sign_in(&right).json().of(&mut plex).code(), (401, 1031));
    assert_eq!(sign_in(&wrong).json().of(&mut plex).code(), (401, 1031));

    plex.forgive();
    assert_eq!(sign_in(&right).json().of(&mut plex).status(), 201);
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
    let unlabelled = sign_in(&right).without("content-type");
    assert_eq!(unlabelled.json().of(&mut plex).code(), (400, 1004));
    let mislabelled =
        sign_in(&right).without("content-type").header("content-type", "application/json");
    assert_eq!(mislabelled.json().of(&mut plex).code(), (400, 1004));
    let mut malformed = sign_in(&[]).json();
    malformed.1 = b"login=tariq&password=copper+teapot%7".to_vec();
    assert_eq!(malformed.of(&mut plex).code(), (400, 1004));
}

#[test]
fn whoever_does_not_say_who_asks_is_refused() {
    let right = [("login", "tariq"), ("password", "copper+teapot%7")];
    let nobody = sign_in(&right).without("x-plex-client-identifier").json();
    assert_eq!(nobody.of(&mut FakePlex::new()).code(), (400, 1000));
}

#[test]
fn a_changed_password_is_compared_byte_for_byte() {
    let mut plex = FakePlex::new();
    let password = "a&b=c+d%20$é\"😀;";
    plex.account_mut(Who::Free).set_password(password);
    assert_eq!(
        sign_in(&[("login", "tariq"), ("password", password)]).json().of(&mut plex).status(),
        201
    );
    assert_eq!(plex.requests()[0].form_field("password").as_deref(), Some(password));
}

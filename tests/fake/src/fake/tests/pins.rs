use super::*;

fn create_pin(plex: &mut FakePlex, strong: bool) -> Value {
    let target = if strong { "/api/v2/pins?strong=true" } else { "/api/v2/pins" };
    let response =
        request("POST", target).header("x-plex-product", "My & App #1").json().send(plex);
    assert_eq!(response.status(), 201);
    response.json_body()
}

fn poll(id: &Value) -> TestRequest {
    request("GET", &format!("/api/v2/pins/{id}")).json()
}

fn form(method: &str, target: &str, fields: &[(&str, &str)]) -> TestRequest {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request =
        request(method, target).header("content-type", "application/x-www-form-urlencoded");
    TestRequest(request.0, body.finish().into_bytes())
}

fn link(plex: &FakePlex, code: &Value, who: Who) -> TestRequest {
    let token = plex.account(who).token().to_owned();
    form("PUT", "/api/v2/pins/link", &[("code", code.as_str().unwrap())]).token(&token).json()
}

/// Returns whether the response is the error for an expired PIN. Unlike other errors, this one has
/// no `status` member.
fn is_gone(response: &TestResponse) -> bool {
    let error = &response.json_body()["errors"][0];
    assert!(error.get("status").is_none(), "{error}");
    (response.status(), error["code"].as_u64()) == (404, Some(1020))
}

#[test]
fn short_and_strong_pins_differ() {
    let mut plex = FakePlex::new();
    for (strong, length, seconds) in [(false, 4, 900), (true, 25, 1800)] {
        let pin = create_pin(&mut plex, strong);
        let code = pin["code"].as_str().unwrap();
        assert_eq!(code.len(), length, "{code}");
        assert!(!code.contains(['O', '0', 'I', '1']) || strong, "{code}");
        assert_eq!(pin["expiresIn"], seconds);
        assert_eq!(pin["createdAt"], "2023-11-14T22:13:20Z");
        assert_eq!(pin["clientIdentifier"], "a-television");
        assert_eq!(pin["product"], "My & App #1");
        assert_eq!(pin["authToken"], Value::Null);
        assert_eq!(pin["location"]["postal_code"], 9750);
    }
    let in_xml = request("POST", "/pins").send(&mut plex);
    assert!(in_xml.text().contains("<pin authToken=\"\""), "{}", in_xml.text());
    assert!(in_xml.text().contains(" id=\"2147483648\""), "{}", in_xml.text());
    let anonymous = request("POST", "/pins").without("x-plex-client-identifier").json();
    assert_eq!(anonymous.send(&mut plex).error_code(), (400, 1000));
}

#[test]
fn pins_are_unique() {
    let mut plex = FakePlex::new();
    let mut codes: Vec<_> = (0..50)
        .map(|_| create_pin(&mut plex, false)["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 50);
    let ids: Vec<_> = plex.pins().map(Pin::id).collect();
    assert!(ids.windows(2).all(|two| two[0] < two[1]));
    assert!(ids[0] < 1 << 31 && ids[49] > 1 << 31);
}

#[test]
fn a_linked_pin_returns_a_valid_token() {
    for strong in [false, true] {
        let mut plex = FakePlex::new();
        let pin = create_pin(&mut plex, strong);
        let waiting = poll(&pin["id"]).send_at(&mut plex, NOW + 10).json_body();
        assert_eq!(waiting["authToken"], Value::Null);
        assert_eq!(waiting["expiresIn"], if strong { 1790 } else { 890 });

        let linked = link(&plex, &pin["code"], Who::Free).send(&mut plex);
        assert_eq!((linked.status(), linked.text()), (204, ""));
        let response = poll(&pin["id"]).send(&mut plex).json_body();
        let token = response["authToken"].as_str().unwrap();
        let user = request("GET", "/user").token(token).json().send(&mut plex).json_body();
        assert_eq!(user["username"], "tariq");
        assert_eq!(plex.pins().next().unwrap().linked_by(), Some(Who::Free));
        assert_eq!(plex.pins().next().unwrap().token(), Some(token));
    }
}

#[test]
fn a_pin_expires_and_belongs_to_its_client() {
    let mut plex = FakePlex::new();
    let pin = create_pin(&mut plex, false);
    let other = poll(&pin["id"]).without("x-plex-client-identifier");
    let other = other.header("x-plex-client-identifier", "a-radio");
    assert!(is_gone(&other.send(&mut plex)));
    for unknown in ["1", "link", "x", "99999999999999999999"] {
        let asked = request("GET", &format!("/pins/{unknown}")).json();
        assert!(is_gone(&asked.send(&mut plex)), "{unknown}");
    }
    assert_eq!(poll(&pin["id"]).send_at(&mut plex, NOW + 899).status(), 200);
    assert!(is_gone(&poll(&pin["id"]).send_at(&mut plex, NOW + 900)));
    assert!(is_gone(&link(&plex, &pin["code"], Who::Free).send_at(&mut plex, NOW + 900)));

    plex.pin_mut(pin["id"].as_u64().unwrap()).unwrap().age(900);
    assert!(is_gone(&poll(&pin["id"]).send(&mut plex)));
    assert!(
        poll(&pin["id"])
            .without("accept")
            .send(&mut plex)
            .text()
            .contains("<error code=\"1020\" message=\"Code not found or expired\"/>")
    );
}

#[test]
fn linking_needs_a_token_and_a_waiting_pin() {
    let mut plex = FakePlex::new();
    let pin = create_pin(&mut plex, false);
    let code = pin["code"].as_str().unwrap();
    let anonymous = form("PUT", "/pins/link", &[("code", code)]).json();
    assert_eq!(anonymous.send(&mut plex).error_code(), (401, 1001));
    let token = plex.account(Who::Free).token().to_owned();
    let nothing = form("PUT", "/pins/link", &[("pin", code)]).token(&token).json();
    assert_eq!(nothing.send(&mut plex).error_code(), (400, 1004));
    assert!(is_gone(&link(&plex, &json_text("XXXX"), Who::Free).send(&mut plex)));
    assert_eq!(link(&plex, &pin["code"], Who::Free).send(&mut plex).status(), 204);
    assert!(
        is_gone(&link(&plex, &pin["code"], Who::Free).send(&mut plex)),
        "a linked PIN was linked again"
    );
    assert_eq!(request("PUT", "/pins").json().send(&mut plex).error_code(), (405, 1005));
}

fn json_text(text: &str) -> Value {
    Value::from(text)
}

#[test]
fn linking_again_revokes_the_earlier_token() {
    let mut plex = FakePlex::new();
    let mut linked = |who| {
        let pin = create_pin(&mut plex, false);
        plex.link_pin(pin["code"].as_str().unwrap(), who, NOW).unwrap()
    };
    let (first, other, second) = (linked(Who::Free), linked(Who::PlexPass), linked(Who::Free));
    let mut status =
        |token: &str| request("GET", "/user").token(token).json().send(&mut plex).status();
    assert_eq!([first, other, second].map(|token| status(&token)), [401, 200, 200]);
}

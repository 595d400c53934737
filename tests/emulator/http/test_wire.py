"""Whole requests and answers, byte for byte, written by hand."""

import json
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from liine_source.emulator import Emulator, Interpretation, running_emulator
from tests.emulator.calls import get_token

ROW = (
    '{"analyze_complete":true,"customer_id":1001,"duration":58,"messaging_utilization":57.1,"lead_id":"23541524",'
    '"call_id":"cb6d6032d4ad432983670f60c8a998c0","interaction_type":"call","direction":"inbound",'
    '"phone_number":"12025550123","primary_insurance_name":null,"provider_names":["Dr. Nil","Dr. Ünreal"],'
    '"status":"Connected","session_guid":null,"attribution_session_guid":null,'
    '"initial_marketing_channel":"Google Organic","last_touch_marketing_channel":null,"initial_location":null,'
    '"last_touch_location":null,"initial_division":null,"last_touch_division":null,"call_type":"New Lead",'
    '"call_complete":null,"call_status":null,"agent":null,"agent_id":null,"agent_location_name":null,'
    '"appointment_location":null,"appointment_status":null,"outcome":null,"booked_later_interaction_id":null,'
    '"reason_not_booked":null,"intent_level":null,"initial_keyword":null,"last_touch_keyword":null,'
    '"initial_landing_url":null,"last_touch_landing_url":null,"initial_referrer_url":null,'
    '"last_touch_referrer_url":null,"initial_utm_source":null,"last_touch_utm_source":null,'
    '"initial_utm_medium":null,"last_touch_utm_medium":null,"initial_utm_campaign":null,'
    '"last_touch_utm_campaign":null,"initial_utm_content":null,"last_touch_utm_content":null,'
    '"initial_session_extras":{"a":1},"last_touch_session_extras":null,"name":null,"city":null,"state":null,'
    '"email":null,"has_audio":null,"voicemail":null,"first_time_interaction":null,"is_analyzed":null,"is_new":null,'
    '"is_existing_patient":null,"show_messaging":null,"revenue":120.5,"review_complete":null,'
    '"messaging_skill_1":null,"messaging_skill_2":null,"messaging_skill_3":null,"messaging_skill_4":null,'
    '"messaging_skill_5":null,"messaging_skill_6":null,"messaging_skill_7":null,"tracking_number":null,'
    '"start_time":"2021-05-27T05:08:51Z","id":23,"manually_created":null,"is_spam_likely":false,'
    '"spam_likely_reason":null,"start_time_tz":"2021-05-27T09:08:51Z","is_booked_later":null,'
    '"updated_at":"2021-05-28T10:00:00.000001Z","helper_cell":null,"google_analytics_client_id":null,'
    '"related_form_submission_id":null,"form_submission_id":null,"salient_interaction":null,'
    '"sara_lead_id_reason":null,"ehr_pms_patient_id":null}'
)


def insert_row(api: Emulator) -> None:
    api.insert(
        1001,
        id=23,
        analyze_complete=True,
        duration=58,
        messaging_utilization=57.1,
        lead_id="23541524",
        call_id="cb6d6032d4ad432983670f60c8a998c0",
        phone_number="12025550123",
        provider_names=["Dr. Nil", "Dr. Ünreal"],
        status="Connected",
        initial_marketing_channel="Google Organic",
        call_type="New Lead",
        initial_session_extras={"a": 1},
        revenue=120.5,
        start_time_tz="2021-05-27T09:08:51Z",
        updated_at="2021-05-28T10:00:00.000001Z",
    )


def send_raw(api: Emulator, request: str) -> tuple[str, str]:
    """Send the request unchanged; return the head and the body of the answer."""
    parts = urlsplit(api.base_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body.decode()


def test_page_byte_for_byte() -> None:
    """The request line of the reference's second example gets the five documented keys in the sample's order."""
    with running_emulator(interactions=0, customers=1) as api:
        insert_row(api)
        head, body = send_raw(
            api,
            "GET /call_log/interactions/?customer_id=1001&limit=200 HTTP/1.1\n"
            f"Host: app.liine.com\nAuthorization: {get_token(api)}\nConnection: close\n\n",
        )
        expected = '{"interactions":[' + ROW + '],"limit":200,"count":1,"num_pages":1,'
        expected += '"pagination_timestamp":"2021-05-27T05:08:51Z"}'
        assert body == expected
        assert head.splitlines() == [
            "HTTP/1.1 200 OK",
            f"content-length: {len(expected.encode())}",
            "content-type: application/json",
            "date: Mon, 15 Dec 2025 18:00:00 GMT",
            "connection: close",
        ]
        assert json.loads(body)["interactions"] == api.truth()


def test_empty_page_byte_for_byte() -> None:
    """The page after the last row has no rows and no cursor."""
    with running_emulator(interactions=0, customers=1) as api:
        insert_row(api)
        _, body = send_raw(
            api,
            "GET /call_log/interactions?customer_id=1001&pagination_timestamp=2021-05-27T05:08:51Z HTTP/1.1\n"
            f"Host: app.liine.com\nAuthorization: {get_token(api)}\nConnection: close\n\n",
        )
        assert body == '{"interactions":[],"limit":100,"count":1,"num_pages":1,"pagination_timestamp":null}'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"username":"test","password":"Test123!"}'),
        ("application/json; charset=utf-8", '{"password": "Test123!", "username": "test"}'),
        ("application/x-www-form-urlencoded", "username=test&password=Test123%21"),
    ],
)
def test_login_as_in_the_examples(kind: str, body: str) -> None:
    """Both bodies of the reference's examples get a token with a prefix and an expiry with milliseconds."""
    now = datetime(2021, 9, 24, 11, 0, 32, tzinfo=UTC)
    with running_emulator(interactions=0, customers=1, now=now) as api:
        head, answer = send_raw(
            api,
            "POST /call_log/authenticate/ HTTP/1.1\nHost: app.liine.com\nConnection: close\n"
            f"Content-Type: {kind}\nContent-Length: {len(body)}\n\n{body}",
        )
        content = json.loads(answer)
        assert head.startswith("HTTP/1.1 200 OK")
        assert content == {"token": content["token"], "valid_until": "2021-09-24T12:00:32.000Z"}
        assert content["token"].startswith("bearer ")
        assert content["token"].count(".") == 2
        assert api.logins == 1


def test_scheme_is_case_insensitive() -> None:
    """`bearer` and `Bearer` are accepted, another scheme is not."""
    with running_emulator(interactions=0, customers=1) as api:
        bare = get_token(api).removeprefix("bearer ")
        for scheme, status in {"bearer": 200, "Bearer": 200, "Basic": 401}.items():
            head, _ = send_raw(
                api,
                "GET /call_log/interactions/?customer_id=1001 HTTP/1.1\nHost: x\nConnection: close\n"
                f"Authorization: {scheme} {bare}\n\n",
            )
            assert head.startswith(f"HTTP/1.1 {status} ")


def test_error_body_names_the_parameter() -> None:
    """The error is JSON and names the parameter without its value."""
    with running_emulator(interactions=0, customers=1) as api:
        _, body = send_raw(
            api,
            "GET /call_log/interactions/?customer_id=1001&start_date=private HTTP/1.1\nHost: x\nConnection: close\n"
            f"Authorization: {get_token(api)}\n\n",
        )
        assert body == '{"error":"start_date takes a day as YYYY-MM-DD"}'


def test_request_log_holds_no_secrets() -> None:
    """The log holds the parameters of a request and whether it was authorized, but no password or token."""
    with running_emulator(Interpretation(), interactions=0, customers=1) as api:
        token = get_token(api)
        send_raw(
            api,
            "GET /call_log/interactions/?customer_id=1001&search=Zo%C3%AB HTTP/1.1\nHost: x\nConnection: close\n"
            f"Authorization: {token}\n\n",
        )
        send_raw(api, "GET /call_log/interactions/ HTTP/1.1\nHost: x\nConnection: close\n\n")
        login, good, bad = api.requests
        assert (login.method, login.path, login.params, login.status) == ("POST", "/call_log/authenticate/", (), 200)
        assert good.params == (("customer_id", "1001"), ("search", "Zoë"))
        assert (good.authorized, good.has_token, good.status) == (True, True, 200)
        assert (bad.authorized, bad.has_token, bad.status) == (False, False, 401)
        assert repr(good) == "<GET /call_log/interactions/ (customer_id, search) authorized 200>"
        api.forget_requests()
        assert (api.requests, api.logins) == ([], 0)


def test_token_expires_by_the_emulators_clock() -> None:
    """A token is valid until the clock reaches `valid_until`."""
    with running_emulator(interactions=0, customers=1, token_validity=timedelta(minutes=5)) as api:
        line = "GET /call_log/interactions/?customer_id=1001 HTTP/1.1\nHost: x\nConnection: close\nAuthorization: "
        line += f"{get_token(api)}\n\n"
        api.advance(timedelta(minutes=4, seconds=59))
        assert send_raw(api, line)[0].startswith("HTTP/1.1 200 ")
        api.advance(timedelta(seconds=1))
        assert send_raw(api, line)[0].startswith("HTTP/1.1 401 ")

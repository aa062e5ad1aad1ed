"""Twilio's error body, and the codes this emulator answers with.

Statuses and sentences are documented. A guess is only that a number whose five checks are used up gets no
new code before the old one ends or is canceled.
"""

from flask import Response, jsonify

REFUSALS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {what} was not found"),
    20405: (405, "Method not allowed"),
    21211: (400, "Invalid 'To' Phone Number: {what}"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {what}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided ({what}) is not a valid message-capable phone number."),
    21614: (400, "To number: {what}, is not a mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    60200: (400, "Invalid parameter `{what}`"),
    60202: (429, "Max check attempts reached"),
    60203: (429, "Max send attempts reached"),
    60205: (403, "SMS is not supported by landline phone number"),
    60410: (403, "Verification delivery attempt blocked"),
    60605: (403, "Verification delivery attempt blocked: the country is not enabled"),
}


class Refused(Exception):  # noqa: N818 - it is the provider's answer, not a mistake of ours
    """Ends a call with one of the provider's codes; `what` goes into its sentence."""

    def __init__(self, code: int, what: str = "") -> None:
        super().__init__(str(code))
        self.code = code
        self.what = what


def refusal(error: Refused) -> Response:
    status, sentence = REFUSALS[error.code]
    more = f"https://www.twilio.com/docs/errors/{error.code}"
    response = jsonify(code=error.code, message=sentence.format(what=error.what), more_info=more, status=status)
    response.status_code = status
    return response

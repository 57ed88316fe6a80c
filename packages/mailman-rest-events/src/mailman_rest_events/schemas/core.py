"""Core's events, and a ping, described."""

from __future__ import annotations

from mailman_rest_events.schemas.described import Described, Field, Kind

_LIST_ID = Field("list_id", "The ID of the list, as REST has it.")
_LIST = (_LIST_ID, Field("fqdn_listname", "The address of the list."))
_DOMAIN = (Field("domain", "The domain, as REST has it (mail_host)."),)
_MEMBER = (
    _LIST_ID,
    Field("member_id", "The membership, as REST 3.1 names it."),
    Field("role", "member, owner, moderator or nonmember."),
    Field("address", "The address by which it is."),
    Field("user_id", "Whose it is, as REST 3.1 names users.", optional=True),
)
_ASKED = (_LIST_ID, Field("address", "Who is asked."))
_POST = (
    _LIST_ID,
    Field("chain", "The chain that has decided."),
    Field("message_id", "The Message-ID; that of a placeholder where the list is an encrypted one.", optional=True),
    Field("sender", "Who has sent it; missing where that is nobody's business.", optional=True, missing=True),
)

EVENTS: tuple[Described, ...] = (
    Described("DomainCreatingEvent", "A domain is about to be made.", _DOMAIN),
    Described("DomainCreatedEvent", "A domain was made.", _DOMAIN),
    Described("DomainDeletingEvent", "A domain is about to be deleted.", _DOMAIN),
    Described("DomainDeletedEvent", "A domain was deleted.", _DOMAIN),
    Described("ListCreatingEvent", "A list is about to be made.", _LIST),
    Described("ListCreatedEvent", "A list was made.", _LIST),
    Described("ListDeletingEvent", "A list is about to be deleted.", _LIST),
    Described("ListDeletedEvent", "A list was deleted.", _LIST),
    Described("SubscriptionEvent", "Somebody is a member, owner, moderator or known nonmember from now on.", _MEMBER),
    Described("UnsubscriptionEvent", "Somebody is none of these any more.", _MEMBER),
    Described("SubscriptionConfirmationNeededEvent", "Somebody is asked whether they want to join.", _ASKED),
    Described("SubscriptionInvitationNeededEvent", "Somebody is invited to join.", _ASKED),
    Described("UnsubscriptionConfirmationNeededEvent", "Somebody is asked whether they want to leave.", _ASKED),
    Described(
        "AddressVerificationEvent",
        "An address was verified, or is not verified any more.",
        (
            Field("address", "The address."),
            Field("verified", "Whether it is verified from now on.", Kind.YES_NO),
        ),
    ),
    Described(
        "PasswordChangeEvent",
        "A user has another password.",
        (Field("user_id", "Whose it is, as REST 3.1 names users."),),
    ),
    Described("AcceptEvent", "A message to a list was accepted.", _POST),
    Described("AcceptOwnerEvent", "A message to the owners of a list was accepted.", _POST),
    Described("HoldEvent", "A message to a list is held for its moderators.", _POST),
    Described("RejectEvent", "A message to a list was rejected.", _POST),
    Described("DiscardEvent", "A message to a list was discarded.", _POST),
    Described(
        "RunnerCrashEvent",
        "A runner could not go on with a message.",
        (
            Field("runner", "The name of the runner."),
            Field("list_id", "The ID of the list that the message was for.", optional=True),
            Field("error", "The kind of error, without its text."),
        ),
    ),
    Described(
        "ConfigurationUpdatedEvent",
        "A process of Mailman has read its configuration anew; of the first time nobody is told.",
    ),
    Described("PingEvent", "An operator tries whether the endpoint takes events.", ordered=False),
)

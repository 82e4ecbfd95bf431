"""Tests which Fast DDS profile a process gets, and when its environment is left unchanged."""
from __future__ import annotations

import pytest

from rmpsam_ros.ros import dds

SHIPPED = {name: str(dds.shipped_profile()) for name in dds.VARIABLES}
MINE = {dds.VARIABLES[0]: "/my/profile.xml"}
LARGE_DATA = {dds.TRANSPORTS: "LARGE_DATA"}


@pytest.mark.parametrize("environ, large, added", [
    ({}, True, SHIPPED), ({dds.VARIABLES[0]: "", dds.TRANSPORTS: ""}, True, SHIPPED), ({}, False, {dds.TRANSPORTS: "DEFAULT"}),
    (MINE, True, {}), (MINE, False, {}), ({dds.VARIABLES[1]: "/my/profile.xml"}, True, {}),
    (LARGE_DATA, True, {}), (LARGE_DATA, False, {}), ({**LARGE_DATA, **MINE}, True, {}),
])
def test_image_variables__what_is_chosen_already_stays(environ, large, added):
    before = dict(environ)
    assert dds.image_variables(large, environ) == added
    assert environ == before


@pytest.mark.parametrize("environ", [MINE, LARGE_DATA, {dds.TRANSPORTS: "UDPv4"}, {}])
def test_use_shipped_profile__is_for_who_has_chosen_nothing(environ):
    after = dict(environ)
    dds.use_shipped_profile(after)
    assert after == (environ or SHIPPED)


@pytest.mark.parametrize("environ, after", [(LARGE_DATA, SHIPPED), ({}, SHIPPED), ({**LARGE_DATA, **MINE}, MINE)])
def test_use_shipped_profile__on_loopback__transports_for_a_network_are_dropped(environ, after):
    environ = dict(environ)
    dds.use_shipped_profile(environ, loopback=True)
    assert environ == after


def test_use_shipped_profile__after_the_launch_argument_that_is_against_it__uses_none():
    environ = dds.image_variables(large=False, environ={})
    dds.use_shipped_profile(environ)
    assert dds.profile_in_effect(environ) is None and dds.transports_in_effect(environ) == "FASTDDS_BUILTIN_TRANSPORTS=DEFAULT"


@pytest.mark.parametrize("environ, transports", [({}, None), (LARGE_DATA, "FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA"), ({**LARGE_DATA, **MINE}, None)])
def test_transports_in_effect__are_those_without_a_profile(environ, transports):
    assert dds.transports_in_effect(environ) == transports

"""Corrections of the services that rclpy gives every lifecycle node; it has no options for them."""
from __future__ import annotations

import weakref
from collections.abc import Callable

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleNode
from rclpy.service import Service


def correct_services(node: LifecycleNode, state: Callable[[], str]) -> None:
    """Makes the node answer impossible transitions, and its other services during a transition.

    Args:
        node: a new node; its services in other callback groups than the default one stay as they are.
        state: returns the name of the lifecycle state, for messages.
    """
    change_state: Service | None = getattr(node, "_service_change_state", None)
    if change_state is not None:
        _answer_impossible_transitions(node, change_state, state)
    _answer_beside_transitions(node, change_state)


def _answer_impossible_transitions(node: LifecycleNode, change_state: Service, state: Callable[[], str]) -> None:
    """Answers a transition that is invalid in the current state with success: false; rclpy raises and never answers."""
    run = change_state.callback

    def answer(request, response):
        try:
            return run(request, response)
        except Exception as error:
            asked = request.transition.label or request.transition.id
            node.get_logger().warning(f"transition '{asked}' is not possible while {state()}: {error}")
            response.success = False
            return response

    change_state.callback = answer


def _answer_beside_transitions(node: LifecycleNode, change_state: Service | None) -> None:
    """Moves rclpy's parameter and state services out of the callback group that transitions occupy."""
    transitions, beside = node.default_callback_group, MutuallyExclusiveCallbackGroup()
    for service in node.services:
        if service.callback_group is transitions and service is not change_state:
            transitions.entities.discard(weakref.ref(service))
            beside.add_entity(service)
            service.callback_group = beside

"""A model without its variables, for requests that hold whole utterances."""

from __future__ import annotations

from ov_asr_score.openvino_api import ov


def without_variables(model: ov.Model) -> ov.Model:
    """A copy of ``model`` in which every variable is its initial value, as in the first request of an utterance.

    A variable without an initial value in the graph leaves the model as it is.
    """
    changed = model.clone()
    readers = [node for node in changed.get_ordered_ops() if node.get_type_name() == "ReadValue"]
    if not all(node.get_input_size() for node in readers):
        return model
    for node in readers:
        initial = node.input_value(0)
        for port in list(node.output(0).get_target_inputs()):
            port.replace_source_output(initial)
    for sink in changed.get_sinks():
        changed.remove_sink(sink)
    for variable in changed.get_variables():
        changed.remove_variable(variable)
    changed.validate_nodes_and_infer_types()
    return changed

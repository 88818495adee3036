"""What README promises at the top level is there."""

import pytest

import brine


@pytest.mark.parametrize("name", brine.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(brine, name) is not None
    assert name in dir(brine)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = brine.nonsense

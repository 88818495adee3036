"""``dp``, with one mistake of DeePMD-kit 3.2.0 mended while it runs.

The embedding of the descriptor `se_a_tpe` is first reshaped to frames × atoms squared
instead of frames × atoms, which TensorFlow lets pass in inference and refuses in
training. Told that there is one atom, it makes the shape that its caller expects.
"""

from typing import Any


def main() -> None:
    """Run DeePMD-kit's own program on the words of the command line."""
    from deepmd.main import main as dp
    from deepmd.tf.descriptor.se_a_ebd import DescrptSeAEbd

    embedding_net = DescrptSeAEbd._embedding_net

    def of_one_atom(
        self: Any, inputs: Any, natoms: Any, *rest: Any, **named: Any
    ) -> Any:
        del natoms
        return embedding_net(self, inputs, [1], *rest, **named)

    DescrptSeAEbd._embedding_net = of_one_atom
    dp()


if __name__ == "__main__":
    main()

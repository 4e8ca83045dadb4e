"""Generated models whose axes are known, scored by the tool and by onnxruntime: equal, or refused."""

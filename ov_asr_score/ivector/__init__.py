"""Online i-vectors, as Kaldi's ivector-extract-online2 and its online decoding compute them.

Features are spliced and transformed, once as they are and once after online CMVN. Gaussians with diagonal covariances
say to what frames of the latter belong; with these posteriors the former add to statistics, from which every few frames
an i-vector is estimated by conjugate gradients.
"""

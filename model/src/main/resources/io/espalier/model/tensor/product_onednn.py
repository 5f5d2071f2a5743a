# Matrix products for an engine with oneDNN: more methods of the class in kernels.py. By itself the engine multiplies fp32
# with a BLAS that uses only half the vector width of some processors, so fp32 goes to oneDNN. oneDNN's operator cannot be
# recorded for gradients and does not accept empty matrices; those go to the engine's own product.

  def by_onednn(self: __torch__.Kernels, x: Tensor, w: Tensor) -> bool:
    return x.dtype == torch.float32 and not x.requires_grad and x.numel() > 0 and w.numel() > 0

  # x Wᵀ of x [.., in] and W [out, in], both of one type. Either may be a transposed view.
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor) -> Tensor:
    if self.by_onednn(x, w):
      y = ops.mkldnn._linear_pointwise(x, w, None, "none", annotate(List[Optional[number]], []), None)
    else:
      y = torch.linear(x, w)
    return y

  # x Wᵀ + bias
  def product_bias(self: __torch__.Kernels, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
    if self.by_onednn(x, w):
      y = ops.mkldnn._linear_pointwise(x, w, bias, "none", annotate(List[Optional[number]], []), None)
    else:
      y = torch.linear(x, w, bias)
    return y
